//! Has things go wrong: one thread for the network, one for the server, one for processes.

use std::thread::sleep;
use std::time::{Duration, Instant};

use support::{Door, Proxy, Rule, TestRedis, Way};

use crate::crew::Crew;
use crate::history::now;
use crate::schedule::{Fault, Process, Server, What, Wire};

/// The user by which producers and readers come, from whom rights are taken.
pub(crate) const USER: &str = "worker";

/// What a lane's faults are done to.
pub(crate) trait Lane {
    fn suffer(&mut self, fault: &Fault);

    /// Each fault at its time, or as soon as the one before is over.
    fn run(&mut self, faults: &[Fault], begun: Instant) {
        for fault in faults {
            sleep(fault.at.saturating_sub(begun.elapsed()));
            self.suffer(fault);
        }
    }
}

/// The network before each producer, and last before the readers.
pub(crate) struct Network<'a>(pub(crate) &'a [Proxy]);

impl Lane for Network<'_> {
    fn suffer(&mut self, fault: &Fault) {
        let What::Wire(at, wire) = &fault.what else {
            return;
        };
        let proxy = &self.0[*at];
        match wire.clone() {
            Wire::Cut(end) => proxy.cut(end),
            Wire::CutAfter(way, bytes, end) => proxy.rule(way, Rule::CutAfter(bytes, end)),
            Wire::Hold(way) => proxy.rule(way, Rule::Hold),
            Wire::Late => {
                proxy.rule_old(Way::ToServer, Rule::Hold);
                // Long enough for something to be asked.
                sleep(fault.lasts.min(Duration::from_millis(200)));
                proxy.rule_old(Way::ToClient, Rule::Close);
            }
            Wire::Swallow(way) => proxy.rule(way, Rule::Swallow),
            Wire::HalfClose(way) => proxy.rule_old(way, Rule::Close),
            Wire::Insert(way, bytes) => proxy.rule(way, Rule::Insert(bytes)),
            Wire::Garbage(bytes) => {
                proxy.door(Door::Answer(bytes));
                proxy.cut(support::End::Reset);
            }
            Wire::Shut => {
                proxy.door(Door::Shut);
                proxy.cut(support::End::Reset);
            }
            Wire::Silent => {
                proxy.door(Door::Silent);
                proxy.cut(support::End::Fin);
            }
            Wire::Delay(time) => proxy.rule(Way::ToServer, Rule::Delay(time)),
            Wire::Drip(rate) => proxy.rule(Way::ToServer, Rule::Drip(rate)),
        }
        sleep(fault.lasts);
        proxy.heal();
    }
}

/// The server, and when it was away.
pub(crate) struct Machine<'a> {
    pub(crate) server: &'a mut TestRedis,
    pub(crate) crashes: Vec<(u64, u64)>,
}

impl Lane for Machine<'_> {
    fn suffer(&mut self, fault: &Fault) {
        let What::Server(what) = &fault.what else {
            return;
        };
        let (server, lasts) = (&mut *self.server, fault.lasts);
        match what {
            Server::Crash => {
                let from = now();
                server.kill();
                sleep(lasts);
                server.restart();
                self.crashes.push((from, now()));
            }
            Server::Freeze => {
                server.freeze();
                sleep(lasts);
                server.thaw();
            }
            Server::KillConnections => {
                let begun = Instant::now();
                while begun.elapsed() < lasts {
                    server.kill_connections();
                    sleep(BETWEEN_KILLS);
                }
            }
            Server::Pause(commands) => {
                server.pause(lasts, *commands);
                sleep(lasts);
                // One that takes all commands late takes this one so, too.
                server.unpause();
            }
            Server::Fill => {
                server.fill();
                sleep(lasts);
                server.unfill();
            }
            Server::Deny(command) => {
                server.deny(USER, command);
                sleep(lasts);
                server.allow(USER, &format!("+{command}"));
            }
            Server::Demote => {
                server.demote();
                sleep(lasts);
                server.promote();
            }
        }
    }
}

const BETWEEN_KILLS: Duration = Duration::from_millis(20);

impl Lane for Crew<'_> {
    fn suffer(&mut self, fault: &Fault) {
        let What::Process(producer, what) = fault.what else {
            return;
        };
        match what {
            Process::Freeze => {
                let from = now();
                self.signal(producer, "STOP");
                sleep(fault.lasts);
                self.signal(producer, "CONT");
                self.stood_still(producer, from);
            }
            Process::Kill => {
                self.kill(producer);
                self.start(producer);
            }
            Process::LastWords => {
                self.hold(producer);
                // Long enough for something to be said.
                sleep(fault.lasts.min(Duration::from_millis(200)));
                self.kill(producer);
                self.start(producer);
                sleep(fault.lasts);
                self.let_go(producer);
            }
            Process::Told(order) => {
                self.tell(producer, order);
                self.start(producer);
            }
        }
    }
}
