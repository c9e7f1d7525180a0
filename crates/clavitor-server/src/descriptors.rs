//! Open files: as many connections as the system lets us hold, and some files kept for ourselves.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::Limits;

/// The store, its journals, outgoing requests, what an operator's command opens, and connections that were told to leave and are on their way out.
const RESERVE: u64 = 256;

/// Raises the limit of this process as far as it may be, and takes fewer connections where that is not enough. Returns how many there may be now, if fewer.
pub fn fit(limits: &mut Limits) -> Option<usize> {
    let wanted = (limits.connections_max + limits.turned_away_max) as u64 + RESERVE;
    let now = getrlimit(Resource::Nofile);
    let raised = raised(now.current, now.maximum, wanted);
    let set = raised == now.current || setrlimit(Resource::Nofile, Rlimit { current: raised, maximum: now.maximum }).is_ok();
    let places = usize::try_from(places(if set { raised } else { now.current }, wanted)).unwrap_or(usize::MAX);
    // Whoever is served goes before whoever waits to be turned away.
    limits.turned_away_max = limits.turned_away_max.min(places.saturating_sub(limits.connections_max));
    if places >= limits.connections_max {
        return None;
    }
    limits.connections_max = places;
    Some(places)
}

/// What to raise the limit to; `None` is without limit.
fn raised(current: Option<u64>, maximum: Option<u64>, wanted: u64) -> Option<u64> {
    current.map(|current| current.max(maximum.map_or(wanted, |maximum| wanted.min(maximum))))
}

fn places(open_files: Option<u64>, wanted: u64) -> u64 {
    open_files.map_or(wanted, |open_files| wanted.min(open_files)).saturating_sub(RESERVE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_rises_as_far_as_it_may_and_never_falls() {
        for (current, maximum, after, left) in [
            (Some(1_024), Some(4_096), Some(1_280), 1_024),
            (Some(1_024), None, Some(1_280), 1_024),
            (Some(1_024), Some(1_024), Some(1_024), 768),
            (Some(64), Some(64), Some(64), 1),
            (Some(500_000), Some(500_000), Some(500_000), 1_024),
            (None, None, None, 1_024),
        ] {
            let raised = raised(current, maximum, 1_024 + RESERVE);
            assert_eq!((raised, places(raised, 1_024 + RESERVE)), (after, left), "{current:?} {maximum:?}");
        }
    }

    #[test]
    fn this_process_may_hold_what_it_is_told() {
        let mut limits = Limits { connections_max: 16, ..Limits::default() };
        assert_eq!((fit(&mut limits), limits.connections_max, limits.turned_away_max), (None, 16, 2_048));
    }
}
