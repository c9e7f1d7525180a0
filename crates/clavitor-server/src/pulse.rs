//! Whether the accept loops still turn: each is asked, and each has to answer by itself.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// The question, and how many loops have answered it. Cheap to clone.
#[derive(Clone)]
pub struct Pulse(Arc<Inner>);

struct Inner {
    question: watch::Sender<u64>,
    answers: watch::Sender<Answers>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    question: u64,
    loops: usize,
    answered: usize,
}

impl Default for Pulse {
    fn default() -> Self {
        Self(Arc::new(Inner { question: watch::Sender::new(0), answers: watch::Sender::new(Answers::default()) }))
    }
}

impl Pulse {
    /// A loop joins. It leaves when the beat is dropped.
    pub fn join(&self) -> Beat {
        self.0.answers.send_modify(|answers| answers.loops += 1);
        Beat { pulse: self.clone(), question: self.0.question.subscribe() }
    }

    /// Asks every loop and waits for all of them. False: one did not answer in time, or there is none. One question at a time.
    pub async fn felt(&self, within: Duration) -> bool {
        let question = *self.0.question.borrow() + 1;
        self.0.answers.send_modify(|answers| (answers.question, answers.answered) = (question, 0));
        self.0.question.send_replace(question);
        let mut answers = self.0.answers.subscribe();
        let all = answers.wait_for(|answers| answers.question == question && answers.loops > 0 && answers.answered >= answers.loops);
        matches!(tokio::time::timeout(within, all).await, Ok(Ok(_)))
    }
}

/// One loop's side.
pub struct Beat {
    pulse: Pulse,
    question: watch::Receiver<u64>,
}

impl Beat {
    /// Resolves when the loop was asked, and answers. Meant for the loop's own `select!`, so that a loop that hangs elsewhere does not answer.
    pub async fn asked(&mut self) {
        // We hold the sender through the pulse, so waiting cannot fail.
        let _ = self.question.changed().await;
        let question = *self.question.borrow_and_update();
        self.pulse.0.answers.send_if_modified(|answers| {
            let current = answers.question == question;
            answers.answered += usize::from(current);
            current
        });
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.pulse.0.answers.send_modify(|answers| answers.loops -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(20);

    fn turning(pulse: &Pulse) -> tokio::task::JoinHandle<()> {
        let mut beat = pulse.join();
        tokio::spawn(async move {
            loop {
                beat.asked().await;
            }
        })
    }

    #[tokio::test]
    async fn every_loop_must_answer() {
        let pulse = Pulse::default();
        assert!(!pulse.felt(SHORT).await, "no loop is no pulse");
        let (first, _second) = (turning(&pulse), turning(&pulse));
        for _ in 0..3 {
            assert!(pulse.felt(LONG).await);
        }
        let stuck = pulse.join();
        assert!(!pulse.felt(SHORT).await, "two of three");
        drop(stuck);
        assert!(pulse.felt(LONG).await);
        first.abort();
        assert!(first.await.is_err());
        assert!(pulse.felt(LONG).await, "who left is not waited for");
    }
}
