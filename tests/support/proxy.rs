//! The network before a server: a TCP proxy on loopback that does with bytes what a test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use super::TestRedis;
use super::pump::Pump;
use super::rule::{End, Rule, Ruling, Way};
use super::traffic::{Count, Traffic};

/// A proxy in a thread of its own. It does nothing by chance: what happens to which bytes is said by
/// the test. Everything is closed on drop.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    door: watch::Sender<Door>,
    target: watch::Sender<u16>,
    to_server: watch::Sender<Ruling>,
    to_client: watch::Sender<Ruling>,
    count: Arc<Count>,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// What happens to a new connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Door {
    /// It goes on to the server.
    Open,
    /// It is reset at once.
    Shut,
    /// It is taken, and nothing is ever said.
    Silent,
    /// Whatever it asks, this is the answer, once.
    Answer(Vec<u8>),
}

impl Proxy {
    /// A proxy before this server.
    #[must_use]
    pub fn to(server: &TestRedis) -> Self {
        Self::to_port(server.port())
    }

    /// A proxy before this port of the machine.
    #[must_use]
    pub fn to_port(target: u16) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (door, target) = (watch::Sender::new(Door::Open), watch::Sender::new(target));
        let rulings = || watch::Sender::new(Ruling::new(Rule::Pass, 0));
        let (to_server, to_client, count) = (rulings(), rulings(), Arc::default());
        let gate = Gate {
            door: door.subscribe(),
            target: target.subscribe(),
            to_server: to_server.subscribe(),
            to_client: to_client.subscribe(),
            count: Arc::clone(&count),
        };
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            // What is left when this returns is closed with the runtime.
            runtime.block_on(async {
                tokio::select! {
                    () = gate.keep(listener) => {}
                    _ = stopped => {}
                }
            });
        };
        Self {
            port,
            door,
            target,
            to_server,
            to_client,
            count,
            thread: Some((stop, std::thread::spawn(run))),
        }
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's URL by way of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// A rule for all connections, now and to come.
    pub fn rule(&self, way: Way, rule: Rule) {
        self.rulings(way)
            .send_replace(Ruling::new(rule, usize::MAX));
    }

    /// A rule for the connections that are there; later ones pass.
    pub fn rule_old(&self, way: Way, rule: Rule) {
        let until = self.traffic().connections;
        self.rulings(way).send_replace(Ruling::new(rule, until));
    }

    fn rulings(&self, way: Way) -> &watch::Sender<Ruling> {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }

    /// Ends the connections that are there.
    pub fn cut(&self, end: End) {
        self.rule_old(Way::ToServer, Rule::Cut(end));
    }

    /// What happens to new connections.
    pub fn door(&self, door: Door) {
        self.door.send_replace(door);
    }

    /// New connections go to this port of the machine.
    pub fn retarget(&self, port: u16) {
        self.target.send_replace(port);
    }

    /// Everything passes again, what was held first.
    pub fn heal(&self) {
        self.door(Door::Open);
        self.rule(Way::ToServer, Rule::Pass);
        self.rule(Way::ToClient, Rule::Pass);
    }

    /// What it has seen.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        *self.count.traffic()
    }

    /// Waits until it has seen this.
    pub fn wait(&self, is_there: impl Fn(&Traffic) -> bool) {
        self.count.wait(is_there);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            // An error says that it has stopped already, by a panic that was printed.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

/// Takes connections.
#[derive(Clone)]
struct Gate {
    door: watch::Receiver<Door>,
    target: watch::Receiver<u16>,
    to_server: watch::Receiver<Ruling>,
    to_client: watch::Receiver<Ruling>,
    count: Arc<Count>,
}

impl Gate {
    async fn keep(self, listener: std::net::TcpListener) {
        let listener = TcpListener::from_std(listener).unwrap();
        while let Ok((client, _)) = listener.accept().await {
            let (gate, count) = (self.clone(), Arc::clone(&self.count));
            let number = count.opened();
            tokio::spawn(async move {
                gate.serve(number, client).await;
                count.closed();
            });
        }
    }

    async fn serve(self, number: usize, mut client: TcpStream) {
        let door = self.door.borrow().clone();
        match door {
            Door::Open => return self.join(number, client).await,
            Door::Shut => return client.set_zero_linger().unwrap(),
            Door::Silent => {}
            Door::Answer(bytes) => {
                let asked = client.read(&mut [0; 1024]).await;
                if asked.is_err() || client.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
        // Until the client has enough.
        while !matches!(client.read(&mut [0; 1024]).await, Ok(0) | Err(_)) {}
    }

    async fn join(self, number: usize, mut client: TcpStream) {
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, *self.target.borrow()));
        let Ok(mut server) = TcpStream::connect(target).await else {
            return client.set_zero_linger().unwrap();
        };
        for socket in [&client, &server] {
            socket.set_nodelay(true).unwrap();
        }
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let count = &self.count;
        let requests = Pump::new(number, Way::ToServer, self.to_server, count);
        let replies = Pump::new(number, Way::ToClient, self.to_client, count);
        let ended = tokio::try_join!(
            requests.run(from_client, to_server),
            replies.run(from_server, to_client)
        );
        if ended == Err(End::Reset) {
            client.set_zero_linger().unwrap();
            server.set_zero_linger().unwrap();
        }
    }
}
