//! Steps to come, tried out before there are any: each keeps a copy, none leaves half of itself behind.

use super::*;

const FIRST: &str = "CREATE TABLE things (x INTEGER) STRICT";
const SECOND: &str = "ALTER TABLE things ADD COLUMN y INTEGER";
const BROKEN: &str = "ALTER TABLE things ADD COLUMN z INTEGER; ALTER TABLE nothing ADD COLUMN z INTEGER";

fn schema(connection: &Connection) -> u32 {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn columns(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM pragma_table_info('things')", [], |row| row.get(0)).unwrap()
}

#[test]
fn steps_run_once_in_order_with_a_copy_before_the_second() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clavitor.db");
    let mut connection = Connection::open(&file).unwrap();
    run_all(&mut connection, &file, 7, &[FIRST]).unwrap();
    connection.execute("INSERT INTO things (x) VALUES (5)", []).unwrap();
    run_all(&mut connection, &file, 8, &[FIRST]).unwrap();
    assert!(!dir.path().join("clavitor.db.schema-1").exists(), "nothing to do, nothing to copy");
    run_all(&mut connection, &file, 9, &[FIRST, SECOND]).unwrap();
    assert_eq!((schema(&connection), columns(&connection)), (2, 2));
    let applied: i64 = connection.query_row("SELECT applied_ms FROM migration WHERE number = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(applied, 9);
    let copy = Connection::open(dir.path().join("clavitor.db.schema-1")).unwrap();
    assert_eq!((schema(&copy), columns(&copy)), (1, 1));
    assert_eq!(copy.query_row("SELECT x FROM things", [], |row| row.get::<_, i64>(0)).unwrap(), 5);
    assert!(matches!(run_all(&mut connection, &file, 10, &[FIRST]), Err(OpenError::Newer(_))), "the older program refuses");
}

#[test]
fn a_step_that_fails_leaves_nothing_of_itself() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clavitor.db");
    let mut connection = Connection::open(&file).unwrap();
    run_all(&mut connection, &file, 7, &[FIRST]).unwrap();
    assert!(matches!(run_all(&mut connection, &file, 8, &[FIRST, BROKEN]), Err(OpenError::Damaged(_))));
    assert_eq!((schema(&connection), columns(&connection)), (1, 1));
    run_all(&mut connection, &file, 9, &[FIRST, SECOND]).unwrap();
    assert_eq!(schema(&connection), 2, "and a better step goes through");
}

#[test]
fn a_step_that_was_edited_after_it_landed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clavitor.db");
    let mut connection = Connection::open(&file).unwrap();
    run_all(&mut connection, &file, 7, &[FIRST]).unwrap();
    let edited = "CREATE TABLE things (x INTEGER NOT NULL) STRICT";
    assert!(matches!(run_all(&mut connection, &file, 8, &[edited]), Err(OpenError::Newer(_))));
}
