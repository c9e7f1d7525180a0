//! The vector printed in docs/FORMAT.md section 4, byte for byte.

use clavitor_crypto::{
    EntryId, FieldId, Secret, VaultId,
    derive::{Label, derive},
    record::{Context, Kind, RecordKey},
};
use data_encoding::HEXLOWER;

/// Declared here because the crate under test must not know it.
enum Tier3 {}

impl Kind for Tier3 {
    const BYTE: u8 = 3;
}

fn counting<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|i| first + i as u8)
}

#[test]
fn the_printed_vector_is_ours() {
    let vault = VaultId(counting(0xa0));
    let (entry, field) = (EntryId(counting(0xb0)), FieldId(counting(0xc0)));
    let vmk: [u8; 32] = counting(0);
    let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);

    let key = |label| derive(&vmk, label, &vault, 1, b"");
    assert_eq!(hex(key(Label::of("tier/1")).expose()), "ea96e5ecb014e8890a4acf5b161f5f217944899e4610bdf8a50270c0955fa01a");
    assert_eq!(hex(key(Label::of("tier/2")).expose()), "5175dd9ae159d017b83e8836ab5dc0c40bc2f997acadaf3e998bf7ce812e70ea");
    let k3 = key(Label::of("tier/3"));
    assert_eq!(hex(k3.expose()), "f3903596254d4f44723c79fe875caf3bfc785a128768b49aaabf8fece3c920a5");
    let ek3 = derive(k3.expose(), Label::of("entry/3"), &vault, 1, &entry.0);
    assert_eq!(hex(ek3.expose()), "190a594a3d81f408c9520f987a5a66aa10bd29aa1f8bfeaa775dd05f28346113");

    let context = Context::field(vault, entry, field, 7, 1);
    assert_eq!(hex(&context.hash(3)), "a7c0a66ca52a20f89938d2c64ba988001a2dbda28f9dfdd35eac7d57d397138a");
    let key = RecordKey::<Tier3>::new(Secret::copy_of(ek3.expose()));
    let record = key.seal_salted(&context, b"4111111111111111", &[0x5a; 32]).unwrap();
    let expected = [
        "c101030000000001",
        &"5a".repeat(32),
        "4c7f970f1694136f48575ae3527d6c7e6323dec010b1edc0a5bf7f54204f8587",
        "2d083aa4168f30efc8cbeb4612a6698c4429c08f7a089472c504b65b1d7bf385464a894a840b42e74cea5d67d382e219",
    ];
    assert_eq!(hex(&record), expected.concat());
    assert_eq!(&*key.open(&context, &record).unwrap_or_else(|_| panic!("does not open")), b"4111111111111111");
}
