//! Text that somebody else wrote (titles, labels, folders) on its way to a terminal or a model.
//!
//! It is data, and it is made harmless as such: one normal form, no control, format or direction characters, one line, a length.

use unicode_normalization::UnicodeNormalization as _;

/// A title or label is cut here, in characters.
pub(crate) const LABEL_CHARS_MAX: usize = 120;

/// The text in NFKC, on one line, without characters that act instead of being seen, cut to `chars_max` characters.
pub(crate) fn sanitise(text: &str, chars_max: usize) -> String {
    // Normalising can expand one character to eighteen, so the input is bounded before it.
    let bounded: String = text.chars().take(chars_max.saturating_mul(4)).collect();
    let mut clean = String::with_capacity(bounded.len());
    for character in bounded.nfkc() {
        if character.is_whitespace() {
            if !clean.is_empty() && !clean.ends_with(' ') {
                clean.push(' ');
            }
        } else if !acts(character) {
            clean.push(character);
        }
    }
    let clean = clean.trim_end();
    match clean.char_indices().nth(chars_max) {
        None => clean.to_owned(),
        Some((cut, _)) => format!("{}…", clean[..cut].trim_end()),
    }
}

/// A title or label as it is shown.
pub(crate) fn label(text: &str) -> String {
    sanitise(text, LABEL_CHARS_MAX)
}

/// The form in which names are compared: as shown, without case.
pub(crate) fn folded(text: &str) -> String {
    label(text).to_lowercase()
}

/// Characters that change how text around them is read or shown, and tag characters, which models read and people do not see.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn direction_control_and_tag_characters_go() {
        assert_eq!(label("Git\u{202e}Hub\u{200b}\u{7}\u{1b}[31m"), "GitHub[31m");
        assert_eq!(label("a\u{e0041}\u{e0042}b"), "ab");
        assert_eq!(label("  one\n\ttwo \u{3000} three "), "one two three");
    }

    #[test]
    fn lookalike_forms_become_one() {
        assert_eq!(label("\u{ff27}\u{ff49}\u{ff54}"), "Git");
        assert_eq!(folded("ＧＩＴ hub"), folded("git HUB"));
    }

    #[test]
    fn long_text_is_cut_visibly() {
        let cut = label(&"x".repeat(5000));
        assert_eq!(cut.chars().count(), LABEL_CHARS_MAX + 1);
        assert!(cut.ends_with('…'));
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_harmless_line(text in any::<String>()) {
            let clean = label(&text);
            prop_assert!(clean.chars().count() <= LABEL_CHARS_MAX + 1);
            prop_assert!(!clean.chars().any(acts));
            prop_assert!(!clean.contains('\n'));
        }

        #[test]
        fn plain_words_stay(text in "[A-Za-z0-9]{1,20}( [A-Za-z0-9]{1,20}){0,3}") {
            prop_assert_eq!(label(&text), text);
        }
    }
}
