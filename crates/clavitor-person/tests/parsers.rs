//! Every parser with random bytes and with good input that was damaged. The same functions run under the fuzzer (`fuzz/`).

#![allow(clippy::unwrap_used, reason = "helpers of a test may stop it")]

use clavitor_crypto::random::Random;
use clavitor_person::{Seeded, feed};

const RANDOM_INPUTS: usize = 2_000;
const DAMAGED_INPUTS: usize = 400;

fn number(random: &mut Seeded, below: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    (u64::from_le_bytes(bytes) % below.max(1) as u64) as usize
}

/// Turns bits, cuts, repeats, and puts in bytes that mean something in CBOR.
fn damage(random: &mut Seeded, bytes: &mut Vec<u8>) {
    for _ in 0..=number(random, 3) {
        let at = number(random, bytes.len());
        match number(random, 5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, [0x00, 0x18, 0x1b, 0x5f, 0x7f, 0x9f, 0xbf, 0xff][number(random, 8)]),
            2 => bytes.extend_from_within(at..),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << number(random, 8);
                }
            }
        }
    }
}

#[test]
fn random_bytes_are_refused_or_read() {
    let mut random = Seeded::new("parsers/random");
    for (_, parser) in feed::PARSERS {
        for _ in 0..RANDOM_INPUTS {
            let mut data = vec![0; number(&mut random, 400)];
            random.fill(&mut data);
            parser(&data);
        }
    }
}

#[test]
fn damaged_input_is_refused_or_read() {
    let (good, mut random) = (feed::good_inputs().unwrap(), Seeded::new("parsers/damaged"));
    for (name, parser) in feed::PARSERS {
        let inputs = good.get(name).unwrap_or_else(|| unreachable!("no good input for {name}"));
        for round in 0..DAMAGED_INPUTS {
            let mut data = inputs[round % inputs.len()].clone();
            damage(&mut random, &mut data);
            // Damage can undo itself; a record that is good again was sealed by the vectors and not under the key the parser asks with.
            parser(&data);
        }
    }
}
