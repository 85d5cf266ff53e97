//! The connection to a bucket. Who may use it is told by the providers' own variables, web identity, and the machine's role.

use super::failure::{BucketError, failed};
use super::rules::{Rules, rules};
use super::url::{BucketUrl, Provider};
use crate::base::cryptography;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// The calls that a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Small texts; a call that got no answer is made again for a few seconds.
    Texts,
    /// Small texts; each call is made once.
    TextsOnce,
    /// Parts of large files; a call that got no answer is made again.
    Files,
}

/// The longest time that it takes to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest time of a call with a small text.
const TEXT: Duration = Duration::from_secs(10);

/// The longest time of a call with a part of a file: 5 MiB over a slow line.
const PART: Duration = Duration::from_secs(120);

/// The time in which calls are made again.
const AGAIN: Duration = Duration::from_secs(10);

/// Returns the bucket of a URL; nothing is asked of it yet.
///
/// # Errors
/// Fails if the environment lacks what the provider needs.
pub fn connect(url: &BucketUrl, calls: Calls) -> Result<Arc<dyn ObjectStore>, BucketError> {
    cryptography::choose();
    let max_retries = if calls == Calls::TextsOnce { 0 } else { 3 };
    let retry = RetryConfig { max_retries, retry_timeout: AGAIN, ..RetryConfig::default() };
    let (bucket, client) = (&url.bucket, options(if calls == Calls::Files { PART } else { TEXT }));
    let refused = |error| failed("use", &error);
    Ok(match url.provider {
        Provider::S3 => {
            let s3 = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
            Arc::new(s3.with_client_options(client).build().map_err(refused)?)
        }
        Provider::Google => {
            let google = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry);
            Arc::new(google.with_client_options(client).build().map_err(refused)?)
        }
        Provider::Azure => {
            let azure = MicrosoftAzureBuilder::from_env().with_container_name(bucket).with_retry(retry);
            Arc::new(azure.with_client_options(client).build().map_err(refused)?)
        }
    })
}

/// Reads what a bucket does to the objects of a folder by itself; `None` if the provider's can't be read.
///
/// # Errors
/// Fails if the environment lacks what the provider needs.
pub async fn rules_of(url: &BucketUrl) -> Result<Option<Rules>, BucketError> {
    cryptography::choose();
    rules(url, &options(TEXT)).await
}

/// Returns the settings of the HTTP client. Only an endpoint that the environment names can be without encryption.
fn options(call: Duration) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_timeout(call)
        .with_pool_max_idle_per_host(128)
        .with_user_agent(http_user_agent())
        .with_allow_http(true)
}

fn http_user_agent() -> reqwest::header::HeaderValue {
    reqwest::header::HeaderValue::from_static(concat!("batch/", env!("CARGO_PKG_VERSION")))
}
