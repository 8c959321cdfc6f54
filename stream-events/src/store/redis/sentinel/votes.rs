//! What the sentinels say, counted.

use redis::ConnectionAddr;

use super::super::super::{Class, Fault};

pub(super) struct Votes {
    /// Who may say something.
    seats: usize,
    /// In the order in which each was said first.
    said: Vec<(ConnectionAddr, usize)>,
    /// Why others say nothing.
    silent: Vec<String>,
    /// What is to be done where they all say nothing: for one that is away, all are asked again soon.
    class: Class,
}

impl Votes {
    pub(super) fn of(seats: usize) -> Self {
        Self {
            seats,
            said: Vec::new(),
            silent: Vec::new(),
            class: Class::Denied,
        }
    }

    pub(super) fn add(
        &mut self,
        seat: &ConnectionAddr,
        answer: Result<Option<ConnectionAddr>, Fault>,
    ) {
        match answer {
            Ok(Some(address)) => match self.said.iter_mut().find(|(said, _)| *said == address) {
                Some((_, votes)) => *votes += 1,
                None => self.said.push((address, 1)),
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
        self.said.iter().any(|(_, votes)| *votes > self.seats / 2)
    }

    /// The fault where nobody has said anything.
    pub(super) fn given(mut self, name: &str) -> Result<Self, Fault> {
        if self.said.is_empty() {
            let why = self.silent.join("; ");
            let why = format!("no sentinel says where the master `{name}` is: {why}");
            return Err(Fault::new(self.class, why));
        }
        // Those with as many keep their order.
        self.said
            .sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        Ok(self)
    }

    /// What most of them say first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &ConnectionAddr> {
        self.said.iter().map(|(address, _)| address)
    }

    /// What more of them say than this.
    pub(super) fn against(&self, address: &ConnectionAddr) -> Option<&ConnectionAddr> {
        let votes = |(_, votes): &(_, usize)| *votes;
        let ours = self.said.iter().find(|(said, _)| said == address);
        let first = self.said.first()?;
        (votes(first) > ours.map_or(0, votes)).then_some(&first.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> ConnectionAddr {
        ConnectionAddr::Tcp("h".to_owned(), port)
    }

    fn votes(answers: &[Result<Option<u16>, Class>]) -> Votes {
        let mut votes = Votes::of(answers.len());
        for (answer, port) in answers.iter().zip(1..) {
            let answer = answer.map(|said| said.map(at));
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
