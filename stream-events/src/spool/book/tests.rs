//! Files as a crash, a full disk or a failing one leaves them.

use std::sync::Arc;

use super::*;
use crate::spool::sample::{Folder, record};

const STORE: &str = "redis://127.0.0.1 job_events";
/// What is broken is another byte each time, and the same in each run of the test.
const STRIDE: usize = 7919;

fn names(runs: &[Leftover]) -> Vec<(String, u64)> {
    let names = runs.iter().flat_map(Leftover::names);
    names.map(|name| (name.run.to_string(), name.seq)).collect()
}

/// A file with three runs as a process leaves it that was killed.
fn left(folder: &Folder) -> (PathBuf, Vec<u8>) {
    let mut book = Book::create(&folder.0, STORE).unwrap();
    let records = ["a", "b", "c"].map(|run| [record(run, 0), record(run, 7)]);
    book.keep(records.as_flattened()).unwrap();
    let left = fs::read(&book.path).unwrap();
    let path = book.path.clone();
    drop(book);
    fs::write(&path, &left).unwrap();
    (path, left)
}

#[test]
fn what_was_written_is_read_back_as_it_was() {
    let folder = Folder::new("read-back");
    let (path, _) = left(&folder);
    let mut book = Book::take_up(path.clone(), STORE).unwrap();
    let runs = book.leftovers(None).unwrap();
    assert_eq!(runs.len(), 3);
    assert_eq!(runs[1].names(), [record("b", 0).name, record("b", 7).name]);
    assert_eq!(runs[1].records, [record("b", 0), record("b", 7)]);
    assert_eq!(
        names(&book.leftovers(Some("b")).unwrap()),
        [("c".into(), 0), ("c".into(), 7)]
    );
    for run in &runs {
        assert!(!book.is_empty());
        book.forget(&run.names()).unwrap();
    }
    assert_eq!((book.is_empty(), book.leftovers(None)), (true, Ok(vec![])));
    book.delete();
    assert!(!path.exists());
}

#[test]
fn much_is_read_in_pieces_and_no_run_is_cut_in_two() {
    let folder = Folder::new("pieces");
    let mut book = Book::create(&folder.0, STORE).unwrap();
    let runs: Vec<_> = (0..1000).map(|run| format!("{run:04}")).collect();
    let records = runs.iter().flat_map(|run| [record(run, 0), record(run, 1)]);
    book.keep(&records.collect::<Vec<_>>()).unwrap();
    let (mut read, mut pieces, mut after) = (0, 0, None::<Arc<str>>);
    loop {
        let piece = book.leftovers(after.as_deref()).unwrap();
        let Some(last) = piece.last() else { break };
        assert!(piece.iter().all(|run| run.records.len() == 2));
        after = Some(Arc::clone(&last.run));
        (read, pieces) = (read + piece.len(), pieces + 1);
    }
    assert_eq!(read, runs.len());
    assert!(pieces > 2, "{pieces}");
}

#[test]
fn a_file_is_for_one_process_and_one_store() {
    let folder = Folder::new("one-process");
    let mut book = Book::create(&folder.0, STORE).unwrap();
    book.keep(&[record("a", 0)]).unwrap();
    let path = book.path.clone();
    assert_eq!(Book::all(&folder.0), std::slice::from_ref(&path));
    let taken = Book::take_up(path.clone(), STORE);
    assert!(matches!(taken, Err(Closed::InUse)), "{taken:?}");
    drop(book);
    let foreign = Book::take_up(path.clone(), "redis://elsewhere job_events");
    assert!(matches!(foreign, Err(Closed::Foreign(_))), "{foreign:?}");
    assert!(Book::take_up(path, STORE).is_ok());
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("private");
    let book = Book::create(&folder.0, STORE).unwrap();
    for (path, mode) in [(&folder.0, 0o700), (&book.path, 0o600)] {
        let permissions = fs::metadata(path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{}", path.display());
    }
}

#[test]
fn what_was_not_finished_is_removed_once_it_is_old() {
    let folder = Folder::new("unfinished");
    let book = Book::create(&folder.0, STORE).unwrap();
    let [old, new] = ["old", "new"].map(|name| folder.0.join(name).with_extension(UNFINISHED));
    fs::write(&new, "").unwrap();
    let file = fs::File::create(&old).unwrap();
    let long_ago = std::time::SystemTime::now() - 2 * MADE_IN;
    file.set_modified(long_ago).unwrap();
    assert_eq!(Book::all(&folder.0), std::slice::from_ref(&book.path));
    assert_eq!((old.exists(), new.exists()), (false, true));
}

#[cfg(unix)]
#[test]
fn what_leads_elsewhere_is_not_followed() {
    let (folder, elsewhere) = (Folder::new("link"), Folder::new("elsewhere"));
    let (path, _) = left(&elsewhere);
    let book = Book::create(&folder.0, STORE).unwrap();
    std::os::unix::fs::symlink(path, folder.0.join("0.redb")).unwrap();
    assert_eq!(Book::all(&folder.0), std::slice::from_ref(&book.path));
}

/// Takes a broken file up, and says whether it could be. What it gives was written.
fn take_up(path: &Path) -> bool {
    let written: Vec<_> = ["a", "b", "c"]
        .iter()
        .flat_map(|run| [record(run, 0), record(run, 7)])
        .collect();
    let runs = match Book::take_up(path.to_owned(), STORE) {
        Ok(book) => book.leftovers(None),
        Err(Closed::Trouble(trouble)) => Err(trouble),
        Err(other) => panic!("{other:?}"),
    };
    for record in runs.iter().flatten().flat_map(|run| &run.records) {
        assert!(written.contains(record), "{record:?}");
    }
    assert!(
        runs.as_ref().err().is_none_or(|trouble| trouble.is_broken),
        "{runs:?}"
    );
    runs.is_ok()
}

#[test]
fn what_may_pass_is_no_fault_of_the_file() {
    let folder = Folder::new("may-pass");
    let (path, _) = left(&folder);
    let gone = Book::take_up(folder.0.join("gone.redb"), STORE);
    assert!(matches!(gone, Err(Closed::Gone)), "{gone:?}");
    let no_file = Book::take_up(folder.0.clone(), STORE);
    let Err(Closed::Trouble(trouble)) = no_file else {
        panic!("{no_file:?}")
    };
    assert!(!trouble.is_broken, "{trouble:?}");
    assert!(take_up(&path));
}

/// Row 40
#[test]
fn a_torn_file_is_an_error_or_gives_what_was_written() {
    let folder = Folder::new("torn");
    let (path, whole) = left(&folder);
    assert!(take_up(&path));
    let lengths = (0..whole.len())
        .step_by(whole.len() / 40)
        .chain([1, 64, 511, 513]);
    let mut unreadable = 0;
    for length in lengths {
        fs::write(&path, &whole[..length]).unwrap();
        unreadable += usize::from(!take_up(&path));
    }
    assert!(unreadable > 20, "{unreadable}");
}

/// Row 40
#[test]
fn a_file_with_wrong_bytes_is_an_error_or_gives_what_was_written() {
    let folder = Folder::new("flipped");
    let (path, whole) = left(&folder);
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut unreadable = 0;
    for n in 0..60 {
        let mut broken = whole.clone();
        broken[n * STRIDE % used] ^= 1 << (n % 8);
        fs::write(&path, &broken).unwrap();
        unreadable += usize::from(!take_up(&path));
    }
    fs::write(&path, b"no database at all").unwrap();
    assert!(!take_up(&path));
    assert!(unreadable > 0, "nothing was broken");
}
