//! The policy that keeps a bucket's ledger from everything but its own steps.

use crate::base::bucket::{BucketUrl, Provider};
use serde_json::json;

/// The keys of a ledger.
const KEYS: [&str; 7] = ["ledger.json", "p/*", "u/*", "r/*", "f/*", "b/*", "t/*"];

/// Returns a bucket's policy, where the provider has one that knows conditions: no write without a condition, and no deletion.
pub fn policy(url: &BucketUrl) -> Option<String> {
    if url.provider != Provider::S3 {
        return None;
    }
    let keys = KEYS.map(|key| format!("arn:aws:s3:::{}/{}", url.bucket, url.key(key)));
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LedgerIsWrittenOnConditionOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": keys,
                "Condition": { "Null": { "s3:if-none-match": "true", "s3:if-match": "true" } }
            },
            {
                "Sid": "LedgerIsNeverDeleted",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
                "Resource": keys
            }
        ]
    });
    serde_json::to_string_pretty(&policy).ok()
}
