//! What is told to the index, and what it lacks in the end.

use super::line::REST;
use super::*;
use crate::event::Values;
use crate::store::Class;
use crate::{EventId, JobId};

fn fresh(count: u64) -> Vec<Fresh> {
    let one = |ms| Fresh {
        id: EventId::new(ms, 0),
        values: Values::new(br#"{"job_id":"j"}"#.to_vec(), b"", "task_started"),
    };
    (0..count).map(one).collect()
}

fn index(fresh: Vec<Fresh>) -> Index {
    let mut index = Index::new(&Settings::default(), Shards::ONE);
    index.add(fresh);
    index
}

fn refused(piece: &Piece, class: Class) -> Result<Vec<Appended>, Fault> {
    let fault = Fault::new(class, "no");
    Ok(vec![vec![Err(fault); piece.events.len()]])
}

#[test]
fn what_was_on_its_way_is_told_again_and_not_for_ever() {
    let (mut index, now) = (index(fresh(2)), Instant::now());
    for _ in 0..MOST_BREAKS {
        let piece = index.next(now).unwrap();
        assert_eq!(piece.appends[0].entries.len(), 2);
        assert!(piece.appends[0].expire.is_some());
        assert!(index.next(now).is_none());
        index.connection_lost();
    }
    assert!(index.next(now).is_none());
    let (to_tell, told) = index.tells();
    assert!(told >= to_tell - 2, "nobody waits for it");
    assert_eq!(index.lacking(), 2);
}

/// Who comes after that waits for it.
#[test]
fn what_waits_while_a_connection_is_lost_is_still_to_be_told() {
    let (mut index, now) = (index(fresh(AT_ONCE as u64 + 3)), Instant::now());
    let mut teller = Teller::new("memory:");
    assert_eq!(index.next(now).unwrap().events.len(), AT_ONCE);
    let (before, _) = index.tells();
    index.connection_lost();
    let (to_tell, told) = index.tells();
    assert!(
        told >= before,
        "nobody waits for what was to be told before"
    );
    assert_eq!(to_tell - told, AT_ONCE as u64 + 3);
    while let Some(piece) = index.next(now) {
        let taken = vec![Ok(EventId::ZERO); piece.events.len()];
        index.take(&piece, Ok(vec![taken]), now, &mut teller);
    }
    let (to_tell, told) = index.tells();
    assert_eq!((to_tell, index.lacking()), (told, 0));
}

#[test]
fn what_cannot_be_taken_now_rests_and_what_is_refused_is_left_out() {
    let (mut index, now) = (index(fresh(1)), Instant::now());
    let mut teller = Teller::new("memory:");
    let piece = index.next(now).unwrap();
    index.take(&piece, refused(&piece, Class::Later), now, &mut teller);
    assert!(index.next(now).is_none());
    assert_eq!(index.lacking(), 0);
    let due = index.due().unwrap();
    let piece = index.next(due).unwrap();
    assert_eq!(piece.events.len(), 1);
    index.take(&piece, refused(&piece, Class::Denied), due, &mut teller);
    assert!(index.next(due + REST).is_none() && index.due().is_none());
    let (to_tell, told) = index.tells();
    assert_eq!((to_tell - told, index.lacking()), (0, 1));
}

#[test]
fn what_one_server_has_and_another_has_not_is_told_to_that_one_alone() {
    let data = br#"{"job_id":"j","parent_job_id":"p"}"#;
    let child = Fresh {
        id: EventId::new(9, 0),
        values: Values::new(data.to_vec(), b"", "task_started"),
    };
    let (mut index, mut now) = (index(fresh(1)), Instant::now());
    index.add(vec![child]);
    let mut teller = Teller::new("memory:");
    let keys = |piece: &Piece| -> Vec<_> {
        let keys = piece.appends.iter().map(|append| append.key.to_string());
        keys.collect()
    };
    let (feed, parent) = ("job_index:feed", "{job_events:p}:children");
    let taken = || vec![Ok(EventId::ZERO)];
    let away = || vec![Err(Fault::new(Class::Away, "no answer"))];
    for (expected, answer, breaks) in [
        (vec![feed, parent], vec![away(), taken()], 1),
        (vec![feed], vec![taken()], 1),
        (vec![], vec![], 0),
    ] {
        let Some(piece) = index.next(now) else {
            assert_eq!((expected, breaks), (vec![], 0));
            break;
        };
        assert_eq!(keys(&piece), expected);
        index.take(&piece, Ok(answer), now, &mut teller);
        now += REST;
    }
    for n in 0..MOST_BREAKS {
        index.add(fresh(u64::from(n == 0)));
        let piece = index.next(now).unwrap();
        index.take(&piece, Ok(vec![away()]), now, &mut teller);
        now += REST;
    }
    assert!(index.next(now).is_none(), "it may be what breaks the way");
    let (to_tell, told) = index.tells();
    assert_eq!(to_tell, told);
}

/// Of two children and one that is none, one each is refused by the feed and by its parent.
#[test]
fn what_one_place_lacks_counts_once() {
    let mut fresh = fresh(3);
    for child in [0, 2] {
        let data = br#"{"job_id":"j","parent_job_id":"p"}"#.to_vec();
        fresh[child].values = Values::new(data, b"", "task_started");
    }
    let (mut index, now) = (index(fresh), Instant::now());
    let mut teller = Teller::new("memory:");
    let (taken, refused) = (Ok(EventId::ZERO), Err(Fault::new(Class::Denied, "no")));
    let piece = index.next(now).unwrap();
    assert_eq!(piece.appends.len(), 3);
    let of_feed = vec![taken.clone(), refused.clone(), taken.clone()];
    let answer = vec![of_feed, vec![taken], vec![refused]];
    index.take(&piece, Ok(answer), now, &mut teller);
    assert_eq!(index.lacking(), 2);
}

#[test]
fn it_is_bounded_and_the_newest_stay() {
    let mut index = index(fresh(WAITING as u64 + 10));
    assert_eq!(index.tells(), (WAITING as u64 + 10, 10));
    assert_eq!(index.lacking(), 10);
    let piece = index.next(Instant::now()).unwrap();
    let oldest = String::from_utf8(piece.events[0].brief.values.data().to_vec()).unwrap();
    assert!(oldest.contains(r#""event_id":"10-0""#), "{oldest}");
    index.close();
    assert_eq!(index.lacking(), WAITING as u64 + 10);
}

#[test]
fn a_publisher_may_write_none() {
    let settings = Settings {
        feed_len: 0,
        ..Settings::default()
    };
    let mut index = Index::new(&settings, Shards::ONE);
    index.add(fresh(1));
    assert!(index.next(Instant::now()).is_none());
    assert_eq!(index.tells(), (0, 0));
}

/// Of as many jobs, one event each.
fn of_jobs(count: usize) -> Vec<Fresh> {
    let one = |n| Fresh {
        id: EventId::new(n as u64 + 1, 0),
        values: Values::new(
            format!(r#"{{"job_id":"job_{n}"}}"#).into_bytes(),
            b"",
            "task_started",
        ),
    };
    (0..count).map(one).collect()
}

fn keys(piece: &Piece) -> Vec<&str> {
    let keys = piece.appends.iter().map(|append| &*append.key);
    keys.collect()
}

#[test]
fn what_one_shard_cannot_take_rests_and_is_told_again_to_that_one_alone() {
    let settings = Settings {
        feed_len: 1600,
        ..Settings::default()
    };
    let mut index = Index::new(&settings, Shards::OF_CLUSTER);
    index.add(of_jobs(200));
    let (now, mut teller) = (Instant::now(), Teller::new("memory:"));
    let piece = index.next(now).unwrap();
    // All shards in one request.
    assert_eq!(piece.appends.len(), 16);
    assert!(piece.appends.iter().all(|append| append.max_len == 100));
    let is_away = |append: &Arc<crate::store::Append>| append.key.ends_with(":{42}");
    let mut lost = None;
    let answer = piece.appends.iter().map(|append| match is_away(append) {
        true => {
            lost = Some(append.entries.clone());
            vec![Err(Fault::new(Class::Away, "no answer")); append.entries.len()]
        }
        false => vec![Ok(EventId::ZERO); append.entries.len()],
    });
    let answer = answer.collect();
    index.take(&piece, Ok(answer), now, &mut teller);
    let lost = lost.unwrap();
    assert!(lost.len() > 1);
    assert!(index.next(now).is_none());
    // Others are told at once, without what rests.
    index.add(of_jobs(200));
    let others = index.next(now).unwrap();
    assert_eq!(others.appends.len(), 15);
    assert!(!others.appends.iter().any(is_away));
    // Of the others it was said for how long they are kept.
    assert!(others.appends.iter().all(|append| append.expire.is_none()));
    let taken = |piece: &Piece| {
        let of = |append: &Arc<crate::store::Append>| vec![Ok(EventId::ZERO); append.entries.len()];
        Ok(piece.appends.iter().map(of).collect())
    };
    index.take(&others, taken(&others), now, &mut teller);
    let due = index.due().unwrap();
    let again = index.next(due).unwrap();
    assert_eq!(keys(&again), ["job_index:feed:{42}"]);
    let entries = &again.appends[0].entries;
    // What came since is behind it.
    assert_eq!(entries[..lost.len()], lost);
    assert_eq!(entries.len(), 2 * lost.len());
    assert!(again.appends[0].expire.is_some());
    index.take(&again, taken(&again), due, &mut teller);
    let (to_tell, told) = index.tells();
    assert_eq!((to_tell - told, index.lacking()), (0, 0));
    assert!(index.next(due + REST).is_none() && index.due().is_none());
}

#[test]
fn where_a_parent_cannot_be_told_now_no_feed_waits() {
    let data = br#"{"job_id":"j","parent_job_id":"p"}"#;
    let child = Fresh {
        id: EventId::new(9, 0),
        values: Values::new(data.to_vec(), b"", "task_started"),
    };
    let (mut index, now) = (index(vec![child]), Instant::now());
    let mut teller = Teller::new("memory:");
    let piece = index.next(now).unwrap();
    let away = vec![Err(Fault::new(Class::Later, "CLUSTERDOWN"))];
    index.take(
        &piece,
        Ok(vec![vec![Ok(EventId::ZERO)], away]),
        now,
        &mut teller,
    );
    index.add(fresh(1));
    let feed = index.next(now).unwrap();
    assert_eq!(keys(&feed), ["job_index:feed"]);
    let due = index.due().unwrap();
    assert_eq!(keys(&index.next(due).unwrap()), ["{job_events:p}:children"]);
}

/// A shard that is away does not take the room of the others.
#[test]
fn of_more_than_may_wait_the_oldest_of_the_longest_line_are_left_out() {
    let mut index = Index::new(&Settings::default(), Shards::OF_CLUSTER);
    let of_one = |_| of_jobs(1).remove(0);
    index.add((0..2 * WAITING).map(of_one).collect());
    index.add(of_jobs(200));
    let lacking = (WAITING + 200) as u64;
    assert_eq!(index.lacking(), lacking);
    let (mut of_others, now) = (0, Instant::now());
    while let Some(piece) = index.next(now) {
        let others = piece.events.iter().map(|event| event.brief.job().unwrap());
        of_others += others.filter(|job| job.as_str() != "job_0").count();
    }
    let shard = |n| Shards::OF_CLUSTER.of(&JobId::try_from(format!("job_{n}")).unwrap());
    let elsewhere = (1..200).filter(|n| shard(*n) != shard(0));
    assert!(of_others >= elsewhere.count(), "{of_others}");
}
