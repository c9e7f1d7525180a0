//! Answers to HTTP-01 challenges (RFC 8555 section 8.3), which the listener on port 80 gives.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// More orders than this are not under way at once; the oldest answer makes room.
const ANSWERS_MAX: usize = 256;

/// What the authority will ask for, and what it is told. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Challenges(Arc<Mutex<VecDeque<Answer>>>);

#[derive(Debug)]
struct Answer {
    token: String,
    key_authorization: String,
}

impl Challenges {
    /// From now on `token` is answered with `key_authorization`.
    pub fn put(&self, token: impl Into<String>, key_authorization: impl Into<String>) {
        let answer = Answer { token: token.into(), key_authorization: key_authorization.into() };
        let mut answers = self.lock();
        answers.retain(|old| old.token != answer.token);
        if answers.len() == ANSWERS_MAX {
            answers.pop_front();
        }
        answers.push_back(answer);
    }

    /// `token` is not answered any more.
    pub fn remove(&self, token: &str) {
        self.lock().retain(|answer| answer.token != token);
    }

    /// The answer to `token`, if somebody is to have one.
    pub fn get(&self, token: &str) -> Option<String> {
        self.lock().iter().find(|answer| answer.token == token).map(|answer| answer.key_authorization.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_there_until_it_is_removed_or_replaced() {
        let challenges = Challenges::default();
        challenges.put("token", "first");
        challenges.clone().put("token", "second");
        assert_eq!(challenges.get("token").as_deref(), Some("second"));
        assert_eq!(challenges.get("other"), None);
        challenges.remove("token");
        assert_eq!(challenges.get("token"), None);
    }

    #[test]
    fn the_oldest_answer_makes_room() {
        let challenges = Challenges::default();
        for number in 0..=ANSWERS_MAX {
            challenges.put(number.to_string(), "answer");
        }
        assert_eq!(challenges.get("0"), None);
        assert!(challenges.get("1").is_some() && challenges.get(&ANSWERS_MAX.to_string()).is_some());
    }
}
