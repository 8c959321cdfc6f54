//! The examples that push jobs to whoever may see them.

use reqwest::{Client, Response};
use stream_events::Publisher;
use support::TestRedis;

use crate::program::Example;

/// A server with a job that has ended, of this id.
async fn with_job(id: &str) -> TestRedis {
    let redis = TestRedis::start();
    let publisher = Publisher::connect(redis.url()).unwrap();
    publisher.job(id, "import").unwrap().completed(&());
    let _ = publisher.flush(std::time::Duration::from_secs(10)).await;
    redis
}

/// The service, and where it is.
fn serve(name: &str, redis: &TestRedis, variable: &str, value: &str) -> (Example, String) {
    let environment = [("REDIS_URL", redis.url()), (variable, value.to_owned())];
    let service = Example::with(name, &[], &environment);
    let url = service.line().unwrap();
    (service, url)
}

async fn is_whole(answer: Response) {
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    let at = |frame: &str| {
        text.find(frame)
            .unwrap_or_else(|| panic!("no {frame:?} in {text}"))
    };
    assert!(at("event: task_started\n") < at("event: task_completed\n"));
    assert!(at("event: task_completed\n") < at("event: end\n"));
}

#[tokio::test]
async fn http_bearer_shows_each_program_its_own_jobs() {
    let redis = with_job("alice.1").await;
    let (_service, url) = serve(
        "http_bearer",
        &redis,
        "API_TOKENS",
        "alice:s3cret,bob:0ther",
    );
    let get = |token: &str| {
        let get = Client::new().get(format!("{url}/jobs/alice.1/stream"));
        get.bearer_auth(token).send()
    };
    is_whole(get("s3cret").await.unwrap()).await;
    for token in ["0ther", "s3cre", "", "alice"] {
        assert_eq!(get(token).await.unwrap().status(), 404, "{token}");
    }
    let post = Client::new().post(format!("{url}/jobs/alice.1/events"));
    let post = post
        .bearer_auth("s3cret")
        .header("content-type", "application/json");
    let answer = post
        .body(r#"{"event_type":"approved"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(redis.entries("job_events:alice.1").len(), 3);
}

#[tokio::test]
async fn http_session_shows_jobs_to_who_has_logged_in() {
    let redis = with_job("job_001").await;
    let (_service, url) = serve("http_session", &redis, "PASSWORD", "s3cret");
    let login = |password: &'static str| {
        let login = Client::new().post(format!("{url}/login"));
        login.body(password).send()
    };
    assert_eq!(login("other").await.unwrap().status(), 403);
    let answer = login("s3cret").await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let get = |cookie: &str| {
        let get = Client::new().get(format!("{url}/events/jobs/job_001/stream"));
        get.header("cookie", cookie).send()
    };
    is_whole(get(cookie).await.unwrap()).await;
    for cookie in ["session=", "session=1", "x=y"] {
        assert_eq!(get(cookie).await.unwrap().status(), 404, "{cookie}");
    }
}

#[tokio::test]
async fn http_ticket_lets_each_ticket_in_once() {
    let redis = with_job("job_001").await;
    let (_service, url) = serve("http_ticket", &redis, "API_TOKEN", "s3cret");
    let issue = |token: &str| {
        let issue = Client::new().post(format!("{url}/ticket"));
        issue.bearer_auth(token).send()
    };
    for token in ["", "other"] {
        assert_eq!(issue(token).await.unwrap().status(), 404);
    }
    let ticket = issue("s3cret").await.unwrap().text().await.unwrap();
    let get = |ticket: &str| {
        Client::new()
            .get(format!("{url}/jobs/job_001/stream?ticket={ticket}"))
            .send()
    };
    is_whole(get(&ticket).await.unwrap()).await;
    assert_eq!(get(&ticket).await.unwrap().status(), 404);
    assert_eq!(get("s3cret").await.unwrap().status(), 404);
}
