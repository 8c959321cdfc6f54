//! Counts the words of files for its clients.

use std::{env, error::Error};

use stream_events::{job_events, progress};
use tokio::fs;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

mod messages;
use messages::words_server::{Words, WordsServer};
use messages::{Count, File};

struct Counter;

#[tonic::async_trait]
impl Words for Counter {
    #[job_events(task_type = "count_words", job_id = request.get_ref().id)]
    async fn count(&self, request: Request<File>) -> Result<Response<Count>, Status> {
        let path = request.into_inner().path;
        progress!("reading {path}");
        let text = fs::read_to_string(&path).await?;
        let words = text.split_whitespace().count() as u64;
        Ok(Response::new(Count { words }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _events = stream_events_tracing::init()?;
    let address = env::args().nth(1).ok_or("name an address")?;
    let incoming = TcpIncoming::bind(address.parse()?)?;
    println!("http://{}", incoming.local_addr()?);
    let server = Server::builder().add_service(WordsServer::new(Counter));
    Ok(server.serve_with_incoming(incoming).await?)
}
