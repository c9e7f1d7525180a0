//! Masking of known values in a child's output, as a courtesy to whoever reads it.
//!
//! It is no protection: a program can print a value in a form that is not looked for here. It keeps values out of transcripts by accident only.

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD, prelude::BASE64_URL_SAFE_NO_PAD};
use data_encoding::{HEXLOWER, HEXUPPER};
use zeroize::Zeroizing;

/// Values shorter than this, in bytes, are not looked for: they would turn up everywhere.
pub(crate) const VALUE_BYTES_MIN: usize = 4;

/// What is looked for: each value as it is, its lines, and its base64 and hexadecimal forms.
#[derive(Default)]
pub(crate) struct Patterns {
    /// Longest first, so that a value inside another one does not leave a rest.
    found: Vec<(Zeroizing<Vec<u8>>, String)>,
}

impl Patterns {
    /// Adds a value under the name that is shown in its place.
    pub(crate) fn add(&mut self, name: &str, value: &[u8]) {
        let shown = format!("[masked {}]", crate::label::label(name));
        let mut forms = vec![value.to_vec()];
        forms.extend(value.split(|byte| *byte == b'\n').map(|line| line.trim_ascii().to_vec()));
        forms.push(BASE64_STANDARD_NO_PAD.encode(value).into_bytes());
        forms.push(BASE64_URL_SAFE_NO_PAD.encode(value).into_bytes());
        forms.push(HEXLOWER.encode(value).into_bytes());
        forms.push(HEXUPPER.encode(value).into_bytes());
        for form in forms.into_iter().map(Zeroizing::new) {
            if form.len() >= VALUE_BYTES_MIN && !self.found.iter().any(|(known, _)| **known == *form) {
                self.found.push((form, shown.clone()));
            }
        }
        self.found.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    }

    /// Whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn at(&self, bytes: &[u8]) -> Option<(usize, &str)> {
        self.found.iter().find(|(form, _)| bytes.starts_with(form)).map(|(form, shown)| (form.len(), shown.as_str()))
    }

    /// Whether more input could turn these bytes into a value.
    fn may_begin_at(&self, bytes: &[u8]) -> bool {
        self.found.iter().any(|(form, _)| form.len() > bytes.len() && form.starts_with(bytes))
    }
}

/// Masks a stream piece by piece. Only bytes that may be the beginning of a value are held back.
pub(crate) struct Masker<'a> {
    patterns: &'a Patterns,
    held: Zeroizing<Vec<u8>>,
}

impl<'a> Masker<'a> {
    /// A masker for one stream.
    pub(crate) fn new(patterns: &'a Patterns) -> Self {
        Self { patterns, held: Zeroizing::new(Vec::new()) }
    }

    /// Takes a piece and returns what can be shown of it so far.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        self.drain(false)
    }

    /// Returns the rest at the end of the stream.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.drain(true)
    }

    fn drain(&mut self, at_end: bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(self.held.len());
        let mut from = 0;
        while from < self.held.len() {
            let rest = &self.held[from..];
            // A longer value may still be arriving, so a shorter match waits for it.
            if !at_end && self.patterns.may_begin_at(rest) {
                break;
            }
            match self.patterns.at(rest) {
                Some((length, name)) => {
                    shown.extend_from_slice(name.as_bytes());
                    from += length;
                }
                None => {
                    shown.push(rest[0]);
                    from += 1;
                }
            }
        }
        let rest = Zeroizing::new(self.held[from..].to_vec());
        self.held = rest;
        shown
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(values: &[&str], pieces: &[&[u8]]) -> String {
        let mut patterns = Patterns::default();
        for (at, value) in values.iter().enumerate() {
            patterns.add(&format!("V{at}"), value.as_bytes());
        }
        let mut masker = Masker::new(&patterns);
        let mut out: Vec<u8> = pieces.iter().flat_map(|piece| masker.push(piece)).collect();
        out.extend(masker.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_cut_in_pieces_is_found() {
        assert_eq!(masked(&["hunter22"], &[b"a hun", b"ter2", b"2 b"]), "a [masked V0] b");
    }

    #[test]
    fn a_value_inside_another_leaves_no_rest() {
        assert_eq!(masked(&["abcd", "abcdefgh"], &[b"abcd", b"efgh abcd"]), "[masked V1] [masked V0]");
    }

    #[test]
    fn common_encodings_and_lines_are_found() {
        let out =
            masked(&["swordfish\nsecondline"], &[b"swordfish | 73776f7264666973680a7365636f6e646c696e65 | c3dvcmRmaXNoCnNlY29uZGxpbmU="]);
        assert_eq!(out, "[masked V0] | [masked V0] | [masked V0]=");
    }

    #[test]
    fn short_values_are_left() {
        assert_eq!(masked(&["ab"], &[b"ab abc"]), "ab abc");
    }

    #[test]
    fn a_prompt_is_not_held_back() {
        let mut patterns = Patterns::default();
        patterns.add("V", b"secret-value");
        let mut masker = Masker::new(&patterns);
        assert_eq!(masker.push(b"Password: "), b"Password: ");
        assert_eq!(masker.push(b"s"), b"");
        assert_eq!(masker.push(b"o"), b"so");
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_value_does_not_get_through(before in "[a-z ]{0,20}", after in "[a-z ]{0,20}", cuts in proptest::collection::vec(1usize..6, 0..20)) {
            let whole = format!("{before}S3CRET-VALUE{after}");
            let mut rest = whole.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, more) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = more;
            }
            pieces.push(rest);
            prop_assert_eq!(masked(&["S3CRET-VALUE"], &pieces), format!("{before}[masked V0]{after}"));
        }
    }
}
