//! Orders as a worker gives them, and files as others have left them.

use std::fs;
use std::sync::mpsc::{self, Sender};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::spool::sample::{Folder, record};

const STORE: &str = "redis://127.0.0.1 (database 0) job_events";

fn keeper(folder: &Folder) -> (Keeper, UnboundedReceiver<Told>) {
    let (tell, told) = unbounded_channel();
    (Keeper::new(folder.0.clone(), STORE.to_owned(), tell), told)
}

fn orders() -> (Sender<Order>, Receiver<Order>) {
    mpsc::channel()
}

fn name(run: &str) -> Name {
    record(run, 0).name
}

/// A file with the starts of these runs.
fn left(folder: &Folder, store: &str, runs: &[&str]) -> PathBuf {
    let mut book = Book::create(&folder.0, store).unwrap();
    let records: Vec<_> = runs.iter().map(|run| record(run, 0)).collect();
    book.keep(&records).unwrap();
    book.path.clone()
}

/// The runs of which something stands in a file.
fn runs(book: &Book) -> Vec<String> {
    let runs = book.leftovers(None).unwrap();
    runs.iter().map(|left| left.run.to_string()).collect()
}

fn own(keeper: &Keeper) -> &Book {
    match &keeper.own {
        Own::Open(book) => book,
        Own::Failed(_) | Own::None => panic!("there is no file"),
    }
}

#[test]
fn what_waits_to_be_forgotten_is_forgotten_by_one_write_and_what_comes_between_is_given_back() {
    let folder = Folder::new("forget-all");
    let (mut keeper, _told) = keeper(&folder);
    let (order, orders) = orders();
    keeper.keep(&["a", "b", "c", "d"].map(|run| record(run, 0)));
    order.send(Order::Forget(vec![name("b")])).unwrap();
    order.send(Order::More).unwrap();
    order.send(Order::Forget(vec![name("c")])).unwrap();
    let next = keeper.forget_all(vec![name("a")], &orders);
    assert!(matches!(next, Some(Order::More)), "{next:?}");
    assert_eq!(runs(own(&keeper)), ["c", "d"]);
    assert!(keeper.forget_all(Vec::new(), &orders).is_none());
    assert_eq!(runs(own(&keeper)), ["d"]);
}

#[test]
fn no_more_is_forgotten_by_one_write_than_its_most() {
    let folder = Folder::new("most-forgotten");
    let (mut keeper, _told) = keeper(&folder);
    let (order, orders) = orders();
    order.send(Order::Forget(vec![name("b")])).unwrap();
    let many = vec![name("a"); MOST_FORGOTTEN];
    assert!(keeper.forget_all(many, &orders).is_none());
    assert!(orders.try_recv().is_ok(), "it waits for the next write");
}

#[test]
fn an_order_between_those_to_forget_is_obeyed() {
    let folder = Folder::new("between");
    let (keeper, mut told) = keeper(&folder);
    let (order, orders) = orders();
    for what in [
        Order::Keep(vec![record("a", 0), record("b", 0)]),
        Order::Forget(vec![name("a")]),
        Order::Keep(vec![record("c", 0), record("d", 0)]),
        Order::Forget(vec![name("b")]),
        Order::Forget(vec![name("c")]),
    ] {
        order.send(what).unwrap();
    }
    drop(order);
    keeper.run(&orders);
    assert!(matches!(told.try_recv(), Ok(Told::Kept)));
    assert!(matches!(told.try_recv(), Ok(Told::Kept)));
    let [file] = &Book::all(&folder.0)[..] else {
        panic!("one file")
    };
    assert_eq!(runs(&Book::take_up(file.clone(), STORE).unwrap()), ["d"]);
}

#[test]
fn a_file_that_cannot_be_written_any_more_stays_locked_until_all_of_it_is_done_with() {
    let folder = Folder::new("spent");
    let (mut keeper, _told) = keeper(&folder);
    keeper.keep(&["a", "b"].map(|run| record(run, 0)));
    let spent = own(&keeper).path.clone();
    keeper.fail();
    // As if the time were up after which it is tried again.
    keeper.own = Own::None;
    keeper.keep(&[record("c", 0)]);
    let after = own(&keeper).path.clone();
    keeper.forget(&[name("a"), name("c")]);
    let locked = Book::take_up(spent.clone(), STORE);
    assert!(matches!(locked, Err(Closed::InUse)), "{locked:?}");
    keeper.forget(&[name("b")]);
    assert!(!spent.exists());
    assert!(keeper.spent.is_empty() && after.exists());
}

#[test]
fn a_file_that_was_never_of_use_is_gone_when_it_fails() {
    let folder = Folder::new("never-used");
    let (mut keeper, _told) = keeper(&folder);
    keeper.keep(&[record("a", 0)]);
    keeper.forget(&[name("a")]);
    keeper.fail();
    assert_eq!(Book::all(&folder.0), [""; 0].map(PathBuf::from));
    assert!(keeper.spent.is_empty());
}

#[test]
fn only_a_broken_file_is_put_aside() {
    let folder = Folder::new("put-aside");
    let whole = left(&folder, STORE, &["a"]);
    let broken = folder.0.join("0.redb");
    fs::write(&broken, b"what a disk makes of a file").unwrap();
    // Nobody can read it as a file, and that may pass.
    let passing = folder.0.join("1.redb");
    fs::create_dir(&passing).unwrap();
    let (mut keeper, mut told) = keeper(&folder);
    keeper.left.files = [&broken, &passing, &whole].map(PathBuf::clone).into();
    assert_eq!(keeper.next_leftovers().len(), 1);
    let aside = broken.with_extension("unreadable");
    for named in [&aside, &passing] {
        let told = told.try_recv().unwrap();
        assert!(
            matches!(&told, Told::Unreadable { file, .. } if file == named),
            "{told:?}"
        );
        assert!(named.exists());
    }
    // It is said of no more, and not that nothing can be written.
    assert!(told.try_recv().is_err());
    assert!(!broken.exists());
}

#[test]
fn a_file_of_another_store_is_named_and_stays_as_it_is() {
    let folder = Folder::new("foreign");
    let other = "redis://127.0.0.1 (database 1) job_events";
    let (foreign, ours) = (
        left(&folder, other, &["a"]),
        left(&folder, STORE, &["b", "c"]),
    );
    let (keeper, mut told) = keeper(&folder);
    let (order, orders) = orders();
    order.send(Order::More).unwrap();
    drop(order);
    keeper.run(&orders);
    let first = told.try_recv().unwrap();
    let Told::Foreign { file, store } = &first else {
        panic!("{first:?}")
    };
    assert_eq!((file, store.as_str()), (&foreign, other));
    let second = told.try_recv().unwrap();
    let Told::Left(left) = &second else {
        panic!("{second:?}")
    };
    assert_eq!(left.len(), 2);
    // None of them was said to be where it belongs.
    assert_eq!(Book::all(&folder.0), [foreign.clone(), ours]);
    assert_eq!(runs(&Book::take_up(foreign, other).unwrap()), ["a"]);
}

#[test]
fn a_file_of_another_store_in_which_nothing_stands_is_gone_without_a_word() {
    let folder = Folder::new("bare");
    left(&folder, "redis://127.0.0.1 (database 1) job_events", &[]);
    let (mut keeper, mut told) = keeper(&folder);
    keeper.left.files = Book::all(&folder.0).into();
    assert!(keeper.next_leftovers().is_empty());
    assert!(told.try_recv().is_err());
    assert_eq!(Book::all(&folder.0), [""; 0].map(PathBuf::from));
}
