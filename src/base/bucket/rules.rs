//! What a bucket does to its objects by itself: whether it keeps former versions, and what its lifecycle rules take away. Amazon S3
//! and what speaks as it does only; `object_store` has no such calls, but signs them.

use super::failure::{BucketError, failed};
use super::url::{BucketUrl, Provider};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer};
use object_store::client::{HttpConnector as _, HttpRequest, HttpRequestBody, ReqwestConnector};
use object_store::{ClientOptions, Error};

/// The rules of a bucket, each an error if it can't be read.
#[derive(Debug)]
pub struct Rules {
    /// `true` if former versions of objects are kept.
    pub versioning: Result<bool, BucketError>,
    /// The ids of the enabled rules that take objects of the folder away, or put them where they can't be read at once.
    pub lifecycle: Result<Vec<String>, BucketError>,
}

/// Reads the rules of a bucket for a folder in it; `None` if the provider's can't be read.
///
/// # Errors
/// Fails if the environment lacks what the provider needs.
pub(super) async fn rules(url: &BucketUrl, options: &ClientOptions) -> Result<Option<Rules>, BucketError> {
    if url.provider != Provider::S3 {
        return Ok(None);
    }
    let versioning = ask(url, "versioning", options).await.map(|reply| reply.contains("<Status>Enabled</Status>"));
    let lifecycle = match ask(url, "lifecycle", options).await {
        Err(BucketError::Refused(why)) if why.contains("NoSuchLifecycleConfiguration") => Ok(Vec::new()),
        reply => reply.map(|reply| taking(&reply, &url.key(""))),
    };
    Ok(Some(Rules { versioning, lifecycle }))
}

/// Asks for one of a bucket's settings.
async fn ask(url: &BucketUrl, setting: &str, options: &ClientOptions) -> Result<String, BucketError> {
    let refused = |error: Error| failed("read the settings of", &error);
    let away = |error: &dyn std::fmt::Display| BucketError::Away(error.to_string());
    let builder = AmazonS3Builder::from_env().with_bucket_name(&url.bucket);
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned());
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    let endpoint = endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    let s3 = builder.with_client_options(options.clone()).build().map_err(refused)?;
    let credential = s3.credentials().get_credential().await.map_err(refused)?;
    let mut request = HttpRequest::new(HttpRequestBody::empty());
    let address = format!("{}/{}?{setting}", endpoint.trim_end_matches('/'), url.bucket);
    *request.uri_mut() = address.parse().map_err(|error| away(&error))?;
    AwsAuthorizer::new(&credential, "s3", &region).try_authorize(&mut request, None).map_err(refused)?;
    let client = ReqwestConnector::default().connect(options).map_err(refused)?;
    let reply = client.execute(request).await.map_err(|error| away(&error))?;
    let status = reply.status();
    let body = reply.into_body().bytes().await.map_err(|error| away(&error))?;
    let body = String::from_utf8_lossy(&body).into_owned();
    if status.is_success() {
        return Ok(body);
    }
    let source = format!("status code: {status}: {body}").into();
    Err(refused(Error::Generic { store: "S3", source }))
}

/// Returns the ids of the enabled rules of a lifecycle configuration that are about a folder, or a part of it, and take objects away.
fn taking(configuration: &str, folder: &str) -> Vec<String> {
    let rules = configuration.split("<Rule>").skip(1).filter_map(|rule| Some(rule.split_once("</Rule>")?.0));
    let takes = |rule: &&str| {
        let prefix = within(rule, "Prefix").unwrap_or_default();
        let is_about = prefix.starts_with(folder) || folder.starts_with(prefix);
        let takes = ["<Days>", "<Date>"].iter().any(|when| {
            ["Expiration", "Transition"].iter().any(|kind| within(rule, kind).is_some_and(|kind| kind.contains(when)))
        });
        is_about && takes && within(rule, "Status") == Some("Enabled")
    };
    rules.filter(takes).map(|rule| within(rule, "ID").unwrap_or("without an id").to_owned()).collect()
}

fn within<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_takes_objects_of_the_folder_away_is_named() {
        let rule = |id: &str, rest: &str| format!("<Rule><ID>{id}</ID>{rest}</Rule>");
        let expires = "<Expiration><Days>30</Days></Expiration>";
        let enabled = "<Status>Enabled</Status>";
        let rules = [
            rule("all", &format!("<Filter><Prefix></Prefix></Filter>{enabled}{expires}")),
            rule("no filter", &format!("<Filter/>{enabled}{expires}")),
            rule("above", &format!("<Prefix>films/</Prefix>{enabled}{expires}")),
            rule("part", &format!("<Prefix>films/trailer/r/</Prefix>{enabled}{expires}")),
            rule(
                "cold",
                &format!("{enabled}<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>"),
            ),
            rule("off", &format!("<Status>Disabled</Status>{expires}")),
            rule("elsewhere", &format!("<Prefix>films/trailer-2/</Prefix>{enabled}{expires}")),
            rule("parts", &format!("{enabled}<AbortIncompleteMultipartUpload/>")),
            rule(
                "former",
                &format!(
                    "{enabled}<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>"
                ),
            ),
            rule(
                "marker",
                &format!(
                    "{enabled}<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
                ),
            ),
        ];
        let configuration = format!("<LifecycleConfiguration>{}</LifecycleConfiguration>", rules.concat());
        assert_eq!(taking(&configuration, "films/trailer/"), ["all", "no filter", "above", "part", "cold"]);
    }
}
