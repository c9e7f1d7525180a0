//! A damaged database, and a folder that is not what it was: refused, with what to do.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
};

use crate::house::{clavitor, err, out, prepared};

#[test]
fn a_damaged_database_is_not_served_and_the_operator_reads_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    prepared(&data);
    let shown = data.to_str().unwrap();
    let file = File::options().write(true).open(data.join("clavitor.db")).unwrap();
    // The head of a page in the middle.
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 2..pages {
        file.write_all_at(&[0xFF; 16], page * 4096).unwrap();
    }
    let before = fs::read(data.join("clavitor.db")).unwrap();
    let refused = clavitor(&["serve", "--data", shown, "--bind", "127.0.0.1:0"]);
    let said = err(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("OPERATOR ALERT [database_damaged]"), "{said}");
    assert!(said.contains("is damaged and will not be served") && said.contains("clavitor restore"), "{said}");
    let doctor = clavitor(&["doctor", "--data", shown]);
    assert_eq!(doctor.status.code(), Some(3), "{}", out(&doctor));
    assert!(out(&doctor).contains("fail  database") && out(&doctor).contains("clavitor restore"), "{}", out(&doctor));
    assert!(fs::read(data.join("clavitor.db")).unwrap() == before, "nothing was changed in it");
}
