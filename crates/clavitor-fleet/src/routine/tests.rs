//! The list, as it is cut off, gone on with, and goes on past a node that is gone.

use super::plan::*;

fn nodes(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn well() -> Outcome {
    Outcome::Well("x".to_owned())
}

#[test]
fn a_node_that_is_gone_does_not_hold_up_the_others() {
    let mut journal = Journal::new(Kind::Weekly, &nodes(&["seoul", "tokyo"]), 100);
    while let Some(place) = journal.next() {
        let gone = journal.steps[place].node == "seoul";
        journal.ended(place, if gone { Outcome::Failed("no route".to_owned()) } else { well() });
    }
    assert_eq!((journal.count("FAILED"), journal.count("skipped"), journal.count("ok")), (1, 7, 8));
}

#[test]
fn a_task_that_fails_is_not_the_nodes_end() {
    let mut journal = Journal::new(Kind::Daily, &nodes(&["tokyo"]), 100);
    journal.ended(0, well());
    journal.ended(1, Outcome::Failed("two days left".to_owned()));
    assert_eq!(journal.next(), Some(2));
}

#[test]
fn a_routine_that_was_cut_off_goes_on_where_it_was() {
    let names = nodes(&["seoul", "tokyo"]);
    let mut journal = Journal::new(Kind::Weekly, &names, 1_000);
    journal.ended(0, well());
    let read: Journal = serde_json::from_str(&serde_json::to_string(&journal).unwrap()).unwrap();
    assert_eq!((read.clone(), read.next()), (journal.clone(), Some(1)));
    assert!(journal.is_resumable(Kind::Weekly, &names, 2_000));
    assert!(!journal.is_resumable(Kind::Daily, &names, 2_000));
    assert!(!journal.is_resumable(Kind::Weekly, &nodes(&["seoul"]), 2_000));
    assert!(!journal.is_resumable(Kind::Weekly, &names, 1_000 + 13 * 3_600));
    assert!(!journal.is_resumable(Kind::Weekly, &names, 500), "a clock that went back");
    journal.ended_s = Some(3_000);
    assert!(!journal.is_resumable(Kind::Weekly, &names, 3_001));
}

#[test]
fn only_one_task_changes_a_node_and_it_comes_last() {
    let changing: Vec<_> = Kind::Weekly.tasks().iter().filter(|task| task.words().starts_with("CHANGES")).collect();
    assert_eq!((changing, Kind::Weekly.tasks().last()), (vec![&Task::Garbage], Some(&Task::Garbage)));
    assert!(Kind::Daily.tasks().iter().all(|task| !task.words().starts_with("CHANGES")));
}
