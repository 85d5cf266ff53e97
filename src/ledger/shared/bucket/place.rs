//! Where a bucket is, and who may use it: the providers' own variables, web identity, and the machine's role.

use super::failed;
use crate::base::cryptography;
use crate::ledger::shared::store::StoreError;
use crate::spec::bucket_url::{BucketUrl, Provider};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// Whether calls that got no answer are made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Retries {
    /// For a few seconds.
    Some,
    /// Never.
    None,
}

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a call may take.
const CALL: Duration = Duration::from_secs(10);

/// How long calls are made again.
const AGAIN: Duration = Duration::from_secs(10);

/// Returns the bucket of a URL; no connection is made yet.
///
/// # Errors
/// Fails if the environment lacks what the provider needs.
pub(in crate::ledger) fn place(url: &BucketUrl, retries: Retries) -> Result<Arc<dyn ObjectStore>, StoreError> {
    cryptography::choose();
    let retry = RetryConfig {
        max_retries: if retries == Retries::Some { 3 } else { 0 },
        retry_timeout: AGAIN,
        ..RetryConfig::default()
    };
    let (bucket, client) = (&url.bucket, options());
    Ok(match url.provider {
        Provider::S3 => {
            let s3 = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).with_client_options(client);
            Arc::new(s3.build().map_err(|error| failed("use", &error))?)
        }
        Provider::Google => {
            let google = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry);
            Arc::new(google.with_client_options(client).build().map_err(|error| failed("use", &error))?)
        }
        Provider::Azure => {
            let azure = MicrosoftAzureBuilder::from_env().with_container_name(bucket).with_retry(retry);
            Arc::new(azure.with_client_options(client).build().map_err(|error| failed("use", &error))?)
        }
    })
}

/// Returns the settings of the HTTP client. Only an endpoint that the environment names can be without encryption.
fn options() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_timeout(CALL)
        .with_pool_max_idle_per_host(128)
        .with_user_agent(http_user_agent())
        .with_allow_http(true)
}

fn http_user_agent() -> reqwest::header::HeaderValue {
    reqwest::header::HeaderValue::from_static(concat!("batch/", env!("CARGO_PKG_VERSION")))
}
