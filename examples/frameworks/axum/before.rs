//! Adds up tables behind HTTP: the answer is 202 with an id, and the work goes on.

use std::{env, error::Error, num::ParseIntError};

use axum::{Router, http::StatusCode, routing::post};
use tokio::net::TcpListener;
use uuid::Uuid;

async fn add_up(id: Uuid, table: String) -> Result<u64, ParseIntError> {
    let mut total = 0;
    for (row, line) in (1..).zip(table.lines()) {
        let amount = line.rsplit(',').next().unwrap_or(line);
        total += amount.trim().parse::<u64>()?;
        tracing::debug!("{id}: row {row}");
    }
    Ok(total)
}

async fn start(table: String) -> (StatusCode, String) {
    let id = Uuid::new_v4();
    tokio::spawn(add_up(id, table));
    (StatusCode::ACCEPTED, id.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let address = env::args().nth(1).ok_or("name an address")?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let routes = Router::new().route("/totals", post(start));
    Ok(axum::serve(listener, routes).await?)
}
