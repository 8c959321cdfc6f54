//! What the sentinels say, counted.

use std::cmp::Reverse;

use redis::ConnectionAddr;

use super::super::super::{Class, Fault};

/// What one of them says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) address: ConnectionAddr,
    /// That of the last failover that it knows of; none where it does not tell.
    pub(super) epoch: Option<u64>,
}

pub(super) struct Votes {
    /// Who may say something.
    seats: usize,
    /// Who knows of no failover as late as this may not have heard of it.
    least: u64,
    /// In the order in which each was said first.
    said: Vec<(Said, usize)>,
    /// Why others say nothing.
    silent: Vec<String>,
    /// What is to be done where they all say nothing: for one that is away, all are asked again soon.
    class: Class,
}

impl Votes {
    pub(super) fn of(seats: usize, least: u64) -> Self {
        Self {
            seats,
            least,
            said: Vec::new(),
            silent: Vec::new(),
            class: Class::Denied,
        }
    }

    pub(super) fn add(&mut self, seat: &ConnectionAddr, answer: Result<Option<Said>, Fault>) {
        match answer {
            Ok(Some(new)) => match self
                .said
                .iter_mut()
                .find(|(said, _)| said.address == new.address)
            {
                Some((said, votes)) => {
                    said.epoch = said.epoch.max(new.epoch);
                    *votes += 1;
                }
                None => self.said.push((new, 1)),
            },
            Ok(None) => self.silent.push(format!("{seat} knows no such name")),
            Err(fault) => {
                self.class = match (self.class, fault.class) {
                    (Class::Connection, _) => Class::Connection,
                    (class, Class::Denied) => class,
                    (_, Class::Barred) => Class::Barred,
                    _ => Class::Connection,
                };
                self.silent.push(format!("{seat}: {fault}"));
            }
        }
    }

    /// Whether the others cannot say what counts for more.
    pub(super) fn are_decided(&self) -> bool {
        let counts = |said: &Said| said.epoch.is_none_or(|epoch| epoch >= self.least);
        let mut said = self.said.iter();
        said.any(|(said, votes)| counts(said) && self.is_most(*votes))
    }

    /// The fault where nobody has said anything.
    pub(super) fn given(mut self, name: &str) -> Result<Self, Fault> {
        if self.said.is_empty() {
            let why = self.silent.join("; ");
            let why = format!("no sentinel says where the master `{name}` is: {why}");
            return Err(Fault::new(self.class, why));
        }
        // Who knows of a later failover knows better, however many do not. Those with as many keep their order.
        self.said
            .sort_by_key(|(said, votes)| Reverse((said.epoch, *votes)));
        let newest = self.epoch();
        self.said
            .retain(|(said, _)| said.epoch.is_none() || said.epoch == newest);
        Ok(self)
    }

    /// That of the last failover of which one of them knows.
    pub(super) fn epoch(&self) -> Option<u64> {
        self.said.first()?.0.epoch
    }

    /// Whether most of all say what counts.
    pub(super) fn are_most(&self) -> bool {
        self.said
            .first()
            .is_some_and(|(_, votes)| self.is_most(*votes))
    }

    /// What counts most first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &ConnectionAddr> {
        self.said.iter().map(|(said, _)| &said.address)
    }

    /// What more of them say than this, or others who know better.
    pub(super) fn against(&self, address: &ConnectionAddr) -> Option<&ConnectionAddr> {
        let weight = |(said, votes): &(Said, usize)| (said.epoch, *votes);
        let ours = self.said.iter().find(|(said, _)| said.address == *address);
        let first = self.said.first()?;
        ours.is_none_or(|ours| weight(first) > weight(ours))
            .then_some(&first.0.address)
    }

    fn is_most(&self, votes: usize) -> bool {
        votes > self.seats / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> ConnectionAddr {
        ConnectionAddr::Tcp("h".to_owned(), port)
    }

    /// A master's port, and the epoch of the last failover.
    type Answer = Result<Option<(u16, Option<u64>)>, Class>;

    fn votes(answers: &[Result<Option<u16>, Class>]) -> Votes {
        let untold =
            |answer: &Result<Option<u16>, Class>| answer.map(|said| said.map(|port| (port, None)));
        votes_above(0, &answers.iter().map(untold).collect::<Vec<_>>())
    }

    fn votes_above(least: u64, answers: &[Answer]) -> Votes {
        let mut votes = Votes::of(answers.len(), least);
        for (answer, port) in answers.iter().zip(1..) {
            let said = |(port, epoch)| Said {
                address: at(port),
                epoch,
            };
            let answer = answer.map(|answer| answer.map(said));
            votes.add(
                &at(port),
                answer.map_err(|class| Fault::new(class, "it is so")),
            );
        }
        votes
    }

    #[test]
    fn what_most_say_counts_and_the_others_are_tried_after_it() {
        let votes = votes(&[Ok(Some(71)), Ok(Some(72)), Ok(None), Ok(Some(72))]);
        assert!(!votes.are_decided(), "two of four");
        let votes = votes.given("m").unwrap();
        assert_eq!(votes.addresses().collect::<Vec<_>>(), [&at(72), &at(71)]);
        assert_eq!(votes.against(&at(71)), Some(&at(72)));
        assert_eq!(votes.against(&at(73)), Some(&at(72)));
        assert_eq!(votes.against(&at(72)), None);
    }

    #[test]
    fn who_knows_of_a_later_failover_knows_better_than_most() {
        let (old, new) = (Ok(Some((71, Some(4)))), Ok(Some((72, Some(5)))));
        let votes = votes_above(0, &[old, old, new]);
        assert!(votes.are_decided());
        let votes = votes.given("m").unwrap();
        assert_eq!((votes.epoch(), votes.are_most()), (Some(5), false));
        assert_eq!(votes.addresses().collect::<Vec<_>>(), [&at(72)]);
        assert_eq!(votes.against(&at(71)), Some(&at(72)));
        assert_eq!(votes.against(&at(72)), None);
        // Others may know of what was heard of before.
        assert!(!votes_above(5, &[old, old, new]).are_decided());
    }

    #[test]
    fn who_does_not_tell_counts_less_than_who_does() {
        let (silent, tells) = (Ok(Some((71, None))), Ok(Some((72, Some(1)))));
        let votes = votes_above(0, &[silent, silent, tells]);
        let votes = votes.given("m").unwrap();
        assert_eq!(votes.addresses().collect::<Vec<_>>(), [&at(72), &at(71)]);
    }

    #[test]
    fn with_as_many_for_either_a_connection_stands() {
        let votes = votes(&[Ok(Some(71)), Ok(Some(72)), Err(Class::Connection)]);
        let votes = votes.given("m").unwrap();
        assert_eq!(votes.against(&at(71)), None);
        assert_eq!(votes.against(&at(72)), None);
    }

    #[test]
    fn it_is_final_that_nobody_says_where_it_is_once_all_have_been_heard() {
        for (answers, class) in [
            (vec![Ok(None), Err(Class::Denied)], Class::Denied),
            (vec![Ok(None), Err(Class::Barred)], Class::Barred),
            (vec![Ok(None), Err(Class::Connection)], Class::Connection),
        ] {
            let fault = votes(&answers).given("jobs").err().unwrap();
            assert_eq!(fault.class, class);
            let why = "no sentinel says where the master `jobs` is: h:1 knows no such name; h:2: it is so";
            assert_eq!(fault.why, why);
        }
    }
}
