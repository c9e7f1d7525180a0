//! The renewal policy under a simulated clock: single rules first, then seeded years with outages, rate limits and moved windows.

use super::*;

const START_MS: u64 = 1_795_348_800_000;

fn rules(authorities: usize) -> Rules {
    Rules::new(authorities, START_MS - DAY_MS)
}

fn with_certificate(life_ms: u64, authorities: usize, seed: u64) -> (Policy, Span) {
    let span = Span { not_before_ms: START_MS, not_after_ms: START_MS + life_ms };
    let mut policy = Policy::new(rules(authorities), seed);
    policy.apply(START_MS, Event::Installed(span));
    policy.apply(START_MS, Event::NoWindow);
    (policy, span)
}

fn failed(policy: &mut Policy, now_ms: u64, blocked_for_ms: Option<u64>) -> u64 {
    let Next::Order { authority } = policy.next(now_ms) else { panic!("no order at {now_ms}: {:?}", policy.next(now_ms)) };
    policy.apply(now_ms, Event::Failed { authority, blocked_for_ms });
    policy.next_order_ms(now_ms)
}

#[test]
fn without_a_certificate_it_orders_at_once() {
    assert_eq!(Policy::new(rules(1), 1).next(START_MS), Next::Order { authority: 0 });
}

#[test]
fn a_clock_before_the_build_orders_nothing() {
    let policy = Policy::new(rules(1), 1);
    assert_eq!(policy.next(0), Next::FixClock(ClockFault::BeforeBuild));
    assert_eq!(policy.next(START_MS + 40 * 365 * DAY_MS), Next::FixClock(ClockFault::FarAhead));
}

#[test]
fn a_certificate_from_the_future_proves_the_clock_wrong() {
    let (policy, _) = with_certificate(90 * DAY_MS, 1, 1);
    assert_eq!(policy.next(START_MS - 10 * MINUTE_MS), Next::FixClock(ClockFault::BeforeCertificate));
    assert!(
        matches!(policy.next(START_MS - MINUTE_MS), Next::AskWindow | Next::Wait { .. }),
        "the authority's clock may be a little ahead"
    );
}

#[test]
fn the_point_lies_in_the_window_and_stays() {
    for seed in 0..50 {
        let (mut policy, _) = with_certificate(90 * DAY_MS, 1, seed);
        let window = Event::Window { start_ms: START_MS + 10 * DAY_MS, end_ms: START_MS + 12 * DAY_MS, again_in_ms: 6 * HOUR_MS };
        policy.apply(START_MS, window);
        let point = policy.next_order_ms(START_MS);
        assert!((START_MS + 10 * DAY_MS..=START_MS + 12 * DAY_MS).contains(&point), "seed {seed}");
        policy.apply(START_MS + HOUR_MS, window);
        assert_eq!(policy.next_order_ms(START_MS + HOUR_MS), point, "seed {seed}: asking again must not move it");
        assert_eq!(policy.next(START_MS + HOUR_MS), Next::Wait { until_ms: START_MS + 7 * HOUR_MS }, "its Retry-After is kept");
    }
}

#[test]
fn a_window_in_the_past_means_now() {
    let (mut policy, _) = with_certificate(90 * DAY_MS, 1, 3);
    let now = START_MS + DAY_MS;
    policy.apply(now, Event::Window { start_ms: START_MS, end_ms: START_MS + HOUR_MS, again_in_ms: HOUR_MS });
    assert_eq!(policy.next(now), Next::Order { authority: 0 });
}

#[test]
fn a_window_that_makes_no_sense_is_not_followed() {
    let (mut policy, span) = with_certificate(90 * DAY_MS, 1, 3);
    let before = policy.next_order_ms(START_MS);
    for (start_ms, end_ms) in [(START_MS + DAY_MS, START_MS), (span.not_after_ms + 1, span.not_after_ms + DAY_MS)] {
        policy.apply(START_MS, Event::Window { start_ms, end_ms, again_in_ms: 0 });
        assert_eq!(policy.next_order_ms(START_MS), before);
    }
    // One that begins in time and ends too late is cut.
    policy.apply(START_MS, Event::Window { start_ms: span.not_after_ms - 1, end_ms: span.not_after_ms + DAY_MS, again_in_ms: 0 });
    assert_eq!(policy.next_order_ms(START_MS), span.latest_renewal_ms());
}

#[test]
fn retry_after_of_the_window_is_believed_within_reason() {
    for (told, kept) in [(0, MINUTE_MS), (3 * HOUR_MS, 3 * HOUR_MS), (90 * DAY_MS, DAY_MS)] {
        let (mut policy, _) = with_certificate(90 * DAY_MS, 1, 3);
        policy.apply(START_MS, Event::Window { start_ms: START_MS + 50 * DAY_MS, end_ms: START_MS + 51 * DAY_MS, again_in_ms: told });
        assert_eq!(policy.next(START_MS), Next::Wait { until_ms: START_MS + kept });
    }
}

#[test]
fn pauses_grow_from_a_minute_to_six_hours() {
    let (mut policy, span) = with_certificate(90 * DAY_MS, 1, 9);
    let mut now = span.renew_at_ms();
    let mut pauses = Vec::new();
    for _ in 0..14 {
        policy.apply(now, Event::NoWindow);
        let then = failed(&mut policy, now, None);
        pauses.push(then - now);
        now = then;
    }
    assert!((45_000..=75_000).contains(&pauses[0]), "{pauses:?}");
    assert!((90_000..=150_000).contains(&pauses[1]), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause <= 6 * HOUR_MS + 6 * HOUR_MS / 4), "{pauses:?}");
    assert!(pauses[13] >= 4 * HOUR_MS, "{pauses:?}");
}

#[test]
fn a_short_life_has_short_pauses() {
    let (mut policy, span) = with_certificate(MINUTE_MS, 1, 9);
    let now = span.renew_at_ms();
    policy.apply(now, Event::NoWindow);
    assert!(failed(&mut policy, now, None) - now <= 1250);
}

#[test]
fn the_second_authority_comes_after_three_failures_and_the_first_again_after_a_success() {
    let mut policy = Policy::new(rules(2), 5);
    let mut now = START_MS;
    let mut asked = Vec::new();
    for _ in 0..7 {
        let Next::Order { authority } = policy.next(now) else { panic!() };
        asked.push(authority);
        now = failed(&mut policy, now, None);
    }
    assert_eq!(asked, [0, 0, 0, 1, 1, 1, 0]);
    let span = Span { not_before_ms: now, not_after_ms: now + 6 * DAY_MS };
    policy.apply(now, Event::Installed(span));
    policy.apply(span.renew_at_ms(), Event::NoWindow);
    assert_eq!(policy.next(span.renew_at_ms()), Next::Order { authority: 0 });
}

#[test]
fn an_authority_that_says_not_before_is_left_alone_until_then() {
    let mut policy = Policy::new(rules(1), 5);
    let next = failed(&mut policy, START_MS, Some(12 * HOUR_MS));
    assert_eq!(next, START_MS + 12 * HOUR_MS);
    assert_eq!(policy.next(START_MS + 12 * HOUR_MS - 1), Next::Wait { until_ms: next });
    assert_eq!(policy.next(next), Next::Order { authority: 0 });
}

#[test]
fn the_other_authority_is_asked_while_the_first_is_blocked() {
    let mut policy = Policy::new(rules(2), 5);
    let next = failed(&mut policy, START_MS, Some(12 * HOUR_MS));
    assert!(next <= START_MS + 2 * MINUTE_MS);
    assert_eq!(policy.next(next), Next::Order { authority: 1 });
}

#[test]
fn a_clock_that_is_set_back_ends_a_pause() {
    let mut policy = Policy::new(rules(1), 5);
    failed(&mut policy, START_MS + 20 * DAY_MS, Some(DAY_MS));
    assert_eq!(policy.next(START_MS), Next::Order { authority: 0 });
}

#[test]
fn a_restart_forgets_neither_failures_nor_limits() {
    let mut policy = Policy::new(rules(1), 5);
    let mut now = START_MS;
    for _ in 0..6 {
        now = failed(&mut policy, now, None);
    }
    let kept: Memory = serde_json::from_str(&serde_json::to_string(policy.memory()).unwrap()).unwrap();
    let mut again = Policy::new(rules(1), 6);
    again.resume(kept, now - 5 * MINUTE_MS);
    assert_eq!(again.failures(), 6);
    assert_eq!(again.next(now - 5 * MINUTE_MS), Next::Wait { until_ms: now - 4 * MINUTE_MS }, "a minute, not half an hour");
    failed(&mut policy, now, Some(DAY_MS));
    again.resume(policy.memory().clone(), now + MINUTE_MS);
    assert_eq!(again.next_order_ms(now + MINUTE_MS), now + DAY_MS, "what an authority asked for is kept");
}

/// A run ends; the next one has its certificate, and what it wrote of its attempts.
fn restarted(policy: &Policy, issued_ms: u64, span: Span, now_ms: u64) -> Policy {
    let mut again = Policy::new(rules(1), 7);
    again.apply(issued_ms, Event::Installed(span));
    again.resume(policy.memory().clone(), now_ms);
    again.apply(now_ms, Event::NoWindow);
    again
}

#[test]
fn a_restart_within_a_pause_keeps_the_pause() {
    let (mut policy, span) = with_certificate(90 * DAY_MS, 1, 5);
    // Overdue for each of them, whatever their seeds say.
    let mut now = START_MS + 61 * DAY_MS;
    policy.apply(now, Event::NoWindow);
    for _ in 0..4 {
        now = failed(&mut policy, now, None);
        policy.apply(now, Event::NoWindow);
    }
    let at = now - 5 * MINUTE_MS;
    let again = restarted(&policy, START_MS, span, at);
    assert_eq!((again.failures(), again.next_order_ms(at)), (4, at + MINUTE_MS), "a minute of it");
    assert_ne!(again.next(at), Next::Order { authority: 0 });
    let later = restarted(&policy, START_MS, span, now - 1000);
    assert_eq!(later.next_order_ms(now - 1000), now, "the rest of it, where that is less");
}

#[test]
fn failures_before_the_certificate_that_ended_them_are_over() {
    let (mut policy, _) = with_certificate(90 * DAY_MS, 1, 5);
    let mut now = policy.next_order_ms(START_MS);
    policy.apply(now, Event::NoWindow);
    now = failed(&mut policy, now, None);
    // Killed after the new certificate was kept, and before that was written down among the attempts.
    let span = Span { not_before_ms: now, not_after_ms: now + 90 * DAY_MS };
    let again = restarted(&policy, now, span, now + 1000);
    assert_eq!(again.failures(), 0);
    assert!(again.next_order_ms(now + 1000) > now + 50 * DAY_MS);
}

/// An authority in the simulation.
struct Authority {
    random: Random,
    life_ms: u64,
    windows: bool,
    /// Begin and end of an outage.
    down: (u64, u64),
    /// Of a hundred orders, this many fail.
    fails: u64,
    /// Times at which it must not be asked, because it said so.
    blocked_until_ms: u64,
    orders: u64,
}

impl Authority {
    fn answer(&mut self, now_ms: u64) -> Result<Span, Option<u64>> {
        assert!(now_ms >= self.blocked_until_ms, "asked {} ms too early", self.blocked_until_ms - now_ms);
        self.orders += 1;
        if (self.down.0..self.down.1).contains(&now_ms) {
            return Err(None);
        }
        match self.random.between(1, 100) {
            dice if dice <= self.fails / 2 => {
                let pause = self.life_ms / 50;
                self.blocked_until_ms = now_ms + pause;
                Err(Some(pause))
            }
            dice if dice <= self.fails => Err(None),
            _ => Ok(Span { not_before_ms: now_ms, not_after_ms: now_ms + self.life_ms }),
        }
    }

    fn window(&mut self, span: Span, now_ms: u64) -> Event {
        if !self.windows || (self.down.0..self.down.1).contains(&now_ms) {
            return Event::NoWindow;
        }
        let start_ms = span.not_before_ms + self.life_ms / 2;
        Event::Window { start_ms, end_ms: start_ms + self.life_ms / 20, again_in_ms: self.life_ms / 20 }
    }
}

/// Lives through sixty lifetimes with one outage of a quarter of a life; the certificate must never run out, and nobody may be asked in vain too often.
fn live(seed: u64, life_ms: u64, windows: bool) {
    let mut random = Random::seeded(seed);
    let begin = START_MS + random.between(2 * life_ms, 50 * life_ms);
    // Without windows a certificate above ten days has a third left when renewal is due; trouble may take a part of that.
    let down = (begin, begin + life_ms / 4);
    let mut authority = Authority { random, life_ms, windows, down, fails: 20, blocked_until_ms: 0, orders: 0 };
    let mut policy = Policy::new(rules(1), seed);
    let (mut now, mut span, mut steps) = (START_MS, None::<Span>, 0_u64);
    while now < START_MS + 60 * life_ms {
        steps += 1;
        if let Some(span) = span {
            assert!(span.left_ms(now) > 0, "seed {seed}, life {life_ms}, windows {windows}: expired after {} orders", authority.orders);
        }
        match policy.next(now) {
            Next::Wait { until_ms } => {
                assert!(until_ms > now, "seed {seed}: a wait that does not wait");
                now = until_ms;
            }
            Next::FixClock(fault) => panic!("seed {seed}: {fault:?}"),
            Next::AskWindow => {
                let event = authority.window(span.unwrap(), now);
                policy.apply(now, event);
            }
            Next::Order { authority: place } => match authority.answer(now) {
                Ok(new) => {
                    span = Some(new);
                    policy.apply(now, Event::Installed(new));
                }
                Err(blocked_for_ms) => policy.apply(now, Event::Failed { authority: place, blocked_for_ms }),
            },
        }
    }
    assert!(authority.orders < 300, "seed {seed}, life {life_ms}: {} orders for about 100 certificates", authority.orders);
    assert!(steps < 50_000, "seed {seed}, life {life_ms}: {steps} steps");
}

#[test]
fn sixty_lifetimes_without_a_gap() {
    for seed in 0..40 {
        for life_ms in [90 * DAY_MS, 64 * DAY_MS, 45 * DAY_MS, 6 * DAY_MS + 16 * HOUR_MS, DAY_MS, MINUTE_MS] {
            live(seed, life_ms, seed % 2 == 0);
        }
    }
}

/// Every window is over before its certificate was made, every answer comes at once, and the program is started again now and then.
#[test]
fn an_authority_whose_windows_are_always_over_gets_few_orders() {
    for (seed, life_ms) in [(1, 90 * DAY_MS), (2, 6 * DAY_MS), (3, HOUR_MS), (4, MINUTE_MS)] {
        let (rest_ms, length_ms) = ((life_ms / 20).min(HOUR_MS), life_ms.min(2 * DAY_MS));
        let (mut now, mut orders, mut steps, mut policy) = (START_MS, 0, 0, Policy::new(rules(1), seed));
        let mut issued = None::<(u64, Span)>;
        while now < START_MS + length_ms {
            steps += 1;
            assert!(orders <= length_ms / rest_ms + 1 && steps < 50_000, "life {life_ms}: {orders} orders, {steps} steps");
            if let Some((issued_ms, span)) = issued.filter(|_| steps % 7 == 0) {
                policy = Policy::new(rules(1), seed + steps);
                policy.apply(issued_ms, Event::Installed(span));
            }
            match policy.next(now) {
                Next::Wait { until_ms } => now = until_ms,
                Next::FixClock(fault) => panic!("{fault:?}"),
                Next::AskWindow => {
                    policy.apply(now, Event::Window { start_ms: START_MS - DAY_MS, end_ms: START_MS - HOUR_MS, again_in_ms: 0 });
                }
                Next::Order { .. } => {
                    orders += 1;
                    let span = Span { not_before_ms: now, not_after_ms: now + life_ms };
                    issued = Some((now, span));
                    policy.apply(now, Event::Installed(span));
                }
            }
        }
        assert!(orders > 10, "life {life_ms}: it is followed all the same");
    }
}
