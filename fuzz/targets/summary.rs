//! Feeds the `summary` parser; what must hold is said in `clavitor_person::feed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| clavitor_person::feed::summary(data));
