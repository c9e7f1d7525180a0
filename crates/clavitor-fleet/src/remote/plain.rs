//! What a node says, fit for the operator's terminal and for the journal: no control sequence of the other side, no more than a few lines.

/// A message quotes at most this much of what the other side said.
const CHARS_MAX: usize = 600;

/// The text without terminal control sequences and control characters, white space collapsed at the ends of lines, cut to a readable length.
pub fn plain(text: &str) -> String {
    let mut lines: Vec<String> = without_sequences(text).lines().map(|line| line.trim_end().to_owned()).collect();
    lines.retain(|line| !line.is_empty());
    let whole = lines.join("\n");
    if whole.chars().count() <= CHARS_MAX {
        return whole;
    }
    // The end of an output says why it ended.
    let tail: String = whole.chars().skip(whole.chars().count() - CHARS_MAX).collect();
    format!("… {tail}")
}

/// Drops ECMA-48 sequences: escape with its final byte, CSI with its parameters, OSC and other strings to their terminator.
fn without_sequences(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\u{1b}' => match rest.next() {
                Some('[') => skip_csi(&mut rest),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut rest),
                Some('(' | ')' | '#' | '%' | ' ') => drop(rest.next()),
                _ => {}
            },
            '\u{9b}' => skip_csi(&mut rest),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\r' => kept.push('\n'),
            '\n' | '\t' => kept.push(next),
            // Marks of writing direction could make a line read as another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {}
            _ if next.is_control() => {}
            _ => kept.push(next),
        }
    }
    kept
}

fn skip_csi(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(next) = rest.next_if(|next| ('\u{20}'..='\u{7e}').contains(next)) {
        if ('\u{40}'..='\u{7e}').contains(&next) {
            return;
        }
    }
}

fn skip_string(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(next) = rest.next() {
        if next == '\u{7}' || (next == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_titles_and_cursor_moves_are_gone() {
        assert_eq!(plain("\u{1b}[1;31merror\u{1b}[0m: no\u{1b}]0;title\u{7} room\u{1b}[2K"), "error: no room");
        assert_eq!(plain("a\rb\r\nc\u{8}\u{0}"), "a\nb\nc");
        assert_eq!(plain("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\ \u{1b}(Bend\u{202e}"), "link end");
        assert_eq!(plain("cut off \u{1b}["), "cut off");
    }

    #[test]
    fn the_end_of_a_long_text_is_kept() {
        let said = plain(&format!("{}\nfatal: the reason", "x".repeat(5_000)));
        assert!(said.ends_with("fatal: the reason") && said.chars().count() <= CHARS_MAX + 2);
    }
}
