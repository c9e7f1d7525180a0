//! The queue on a real disk: what it holds after an end of every kind.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::{Event, Queue, QueueLimits};

fn event(number: usize, kind: &str) -> Event {
    Event { id: format!("{number:032x}"), kind: kind.to_owned(), body: format!("{{\"number\":{number}}}") }
}

fn open(folder: &Path) -> Queue {
    Queue::open(folder, QueueLimits::default()).unwrap()
}

fn ids(queue: &Queue) -> Vec<usize> {
    queue.waiting.iter().map(|event| usize::from_str_radix(&event.id, 16).unwrap()).collect()
}

#[test]
fn what_was_queued_is_there_after_a_restart_in_order_and_what_ended_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    for number in 1..=5 {
        assert!(queue.push(event(number, "disk")).durable);
    }
    queue.end(&event(2, "").id);
    queue.end("not an id");
    drop(queue);
    let mut queue = open(folder.path());
    assert_eq!(ids(&queue), [1, 3, 4, 5]);
    assert_eq!(queue.front().unwrap(), &event(1, "disk"));
    for number in [1, 3, 4, 5] {
        queue.end(&event(number, "").id);
    }
    assert_eq!(fs::metadata(folder.path().join("queue")).unwrap().len(), 0, "an empty queue is an empty file");
    drop(queue);
    assert!(open(folder.path()).is_empty());
}

#[test]
fn a_file_cut_at_any_byte_has_every_whole_line_and_takes_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queue");
    let mut queue = open(folder.path());
    for number in 1..=3 {
        queue.push(event(number, "disk"));
    }
    drop(queue);
    let whole = fs::read(&file).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&file, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let mut queue = open(folder.path());
        assert_eq!(ids(&queue), (1..=lines).collect::<Vec<_>>(), "cut at {cut}");
        queue.push(event(9, "disk"));
        drop(queue);
        assert_eq!(open(folder.path()).len(), lines + 1, "cut at {cut}");
    }
}

#[test]
fn lines_that_are_none_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("queue"), b"\xff\xfe\n+ 7\n+ 8 disk {not json\n? 9\n+ 5 disk {\"number\":5}\n- 6\n").unwrap();
    assert_eq!(ids(&open(folder.path())), [5]);
}

#[test]
fn it_is_bounded_and_a_flood_of_one_kind_pushes_out_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let limits = QueueLimits { entries_max: 10, bytes_max: 1 << 20 };
    let mut queue = Queue::open(folder.path(), limits).unwrap();
    queue.push(event(1, "database_damaged"));
    let dropped: u64 = (2..100).map(|number| queue.push(event(number, "agent_locked")).dropped).sum();
    assert_eq!((queue.len(), dropped), (10, 89));
    assert_eq!(ids(&queue), [1, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    drop(queue);
    assert_eq!(ids(&Queue::open(folder.path(), limits).unwrap()), [1, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
}

#[test]
fn its_file_never_grows_beyond_twice_what_may_wait() {
    let folder = tempfile::tempdir().unwrap();
    let limits = QueueLimits { entries_max: 1_000, bytes_max: 600 };
    let mut queue = Queue::open(folder.path(), limits).unwrap();
    queue.push(event(1, "disk"));
    for number in 2..200 {
        queue.push(event(number, "disk"));
        let oldest = queue.front().unwrap().id.clone();
        queue.end(&oldest);
        assert!(queue.bytes <= 600 && fs::metadata(folder.path().join("queue")).unwrap().len() <= 1_200);
    }
    assert_eq!(queue.bytes, queue.waiting.iter().map(|event| super::line(event).len()).sum::<usize>());
}

#[test]
fn a_smaller_limit_after_a_restart_is_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut queue = open(folder.path());
    for number in 0..20 {
        queue.push(event(number, "disk"));
    }
    drop(queue);
    let queue = Queue::open(folder.path(), QueueLimits { entries_max: 5, bytes_max: 1 << 20 }).unwrap();
    assert_eq!(ids(&queue), [15, 16, 17, 18, 19]);
}

#[test]
fn only_its_owner_reads_it_and_only_one_process_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("data/alerts");
    let queue = open(&inner);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inner), mode(&inner.join("queue"))), (0o700, 0o600));
    assert!(Queue::open(&inner, QueueLimits::default()).is_err());
    drop(queue);
    open(&inner);
}

#[test]
fn what_cannot_be_written_is_said_and_kept_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("alerts");
    let mut queue = open(&inner);
    queue.push(event(1, "disk"));
    queue.file = None;
    fs::remove_dir_all(&inner).unwrap();
    assert!(!queue.push(event(2, "disk")).durable);
    assert_eq!(ids(&queue), [1, 2]);
    fs::create_dir(&inner).unwrap();
    assert!(queue.push(event(3, "disk")).durable, "the next one writes all that waits");
    drop(queue);
    assert_eq!(ids(&open(&inner)), [1, 2, 3]);
}

#[test]
fn a_disk_that_takes_nothing_at_the_start_does_not_end_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("queue.new");
    let mut queue = open(folder.path());
    queue.push(event(1, "disk"));
    drop(queue);
    fs::create_dir(&in_the_way).unwrap();
    let mut queue = open(folder.path());
    assert!(!queue.is_durable() && !queue.push(event(2, "disk")).durable);
    assert_eq!(ids(&queue), [1, 2]);
    fs::remove_dir(&in_the_way).unwrap();
    assert!(queue.push(event(3, "disk")).durable, "the next one writes all that waits");
    drop(queue);
    assert_eq!(ids(&open(folder.path())), [1, 2, 3]);
}

#[test]
fn a_folder_that_cannot_be_made_yet_is_taken_later_with_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kept) = (folder.path().join("data"), folder.path().join("kept"));
    open(&kept).push(event(1, "disk"));
    fs::write(&data, "").unwrap();
    let mut queue = open(&data.join("alerts"));
    assert!(!queue.push(event(2, "disk")).durable);
    fs::remove_file(&data).unwrap();
    fs::create_dir(&data).unwrap();
    fs::rename(&kept, data.join("alerts")).unwrap();
    assert!(queue.push(event(3, "disk")).durable);
    assert_eq!(ids(&queue), [1, 2, 3]);
    assert!(Queue::open(&data.join("alerts"), QueueLimits::default()).is_err(), "from then on it is this process's");
    drop(queue);
    assert_eq!(ids(&open(&data.join("alerts"))), [1, 2, 3]);
}
