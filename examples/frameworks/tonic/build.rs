//! The service's traits and client, as they come from a `.proto` file, without `protoc`.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let count = Method::builder()
        .name("count")
        .route_name("Count")
        .input_type("super::File")
        .output_type("super::Count")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let words = Service::builder().name("Words").package("words");
    Builder::new().compile(&[words.method(count).build()]);
}
