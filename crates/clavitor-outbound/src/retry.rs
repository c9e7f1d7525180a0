//! When somebody who was asked wants to be asked again.

use std::time::SystemTime;

/// `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, as milliseconds from `now` on. Whoever waits so long decides how much of it is believed.
pub fn retry_after_ms(value: &str, now: SystemTime) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let then = httpdate::parse_http_date(value).ok()?;
    // A date that is over asks for nothing.
    u64::try_from(then.duration_since(now).unwrap_or_default().as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 60);
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(60_000));
        assert_eq!(retry_after_ms("Tue, 06 Nov 1990 08:49:37 GMT", now), Some(0));
        assert_eq!(retry_after_ms("soon", now), None);
        assert_eq!(retry_after_ms("99999999999999999999", now), None);
    }
}
