//! The meaning of the text of a refusal, beyond its code.

/// The meaning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Too many generations at once: the same as 429.
    TooMany,
    /// Content moderation: final for this input.
    Content,
    /// A limit of the prompt or of an image: final for this input.
    Limit,
    /// The account may not do this: the same as 403.
    Account,
    /// The balance is used up: the same as 402.
    Money,
}

/// The texts; the first that fits counts. The numbers are the codes of the model vendor (PixVerse, "Error codes"),
/// which the service may pass on in a text or as its own code **\[upstream\]**.
const TEXTS: [(&[&str], Text); 5] = [
    // 500044: the limit of concurrent generations **[upstream]**.
    (&["500044", "too many"], Text::TooMany),
    // 500054, 500063: moderation of the input and of the output **[upstream]**. "The content contains inappropriate information and
    // does not pass the review." was seen in an HTTP 400 of a sister call **[observed, 2026-03]**; the others are what services of
    // this kind say.
    (
        &[
            "500054",
            "500063",
            "inappropriate",
            "does not pass the review",
            "sensitive",
            "not compliant",
            "审核",
            "违规",
            "敏感",
        ],
        Text::Content,
    ),
    // 400018, 400019: prompt and negative prompt over 2048 characters; 500030: image over 20 MB or 4000 px **[upstream]**.
    (&["400018", "400019", "500030"], Text::Limit),
    // 500020: no permission **[upstream]**.
    (&["500020"], Text::Account),
    (&["余额不足", "insufficient balance", "insufficient credit"], Text::Money),
];

/// The inputs of which a request may have too many.
const INPUTS: [&str; 4] = ["image", "reference", "character", "word"];

/// Returns the meaning of a refusal with this code and text, if the text says more than the code. Texts count with 400
/// and 500, the two codes that the service documents for every failure **\[spec\]**; the vendor's codes count as texts.
pub fn meant(code: i64, text: &str) -> Option<Text> {
    let text = match code {
        400 | 500 => text.to_lowercase(),
        _ => code.to_string(),
    };
    let meaning = |(words, _): &&(&[&str], Text)| words.iter().any(|word| says(&text, word));
    let found = TEXTS.iter().find(meaning).map(|(_, meaning)| *meaning);
    // "Too many reference images" is about the input: waiting changes nothing.
    let is_of_input =
        INPUTS.iter().any(|word| text.contains(word)) && !text.contains("request") && !text.contains("500044");
    found.filter(|found| *found != Text::TooMany || !is_of_input)
}

/// Returns whether a generation that the service failed with this code and text was rejected by its moderation, which
/// is final.
pub fn is_moderation(code: &str, text: &str) -> bool {
    // A word instead of a number, as FAILED, says no more than a code 500 does.
    meant(code.trim().parse().unwrap_or(500), text) == Some(Text::Content)
}

/// Returns whether a text says that the service couldn't get an image: one that was uploaded long ago, it may have forgotten.
pub fn is_image_missing(text: &str) -> bool {
    const IMAGE: [&str; 6] = ["image", "picture", "url", "图片", "图像", "素材"];
    const MISSING: [&str; 16] = [
        "download",
        "fetch",
        "retrieve",
        "access",
        "load",
        "reach",
        "expired",
        "not found",
        "not exist",
        "no longer exist",
        "unavailable",
        "下载",
        "获取",
        "访问",
        "过期",
        "不存在",
    ];
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| says(&text, word));
    has(&IMAGE) && has(&MISSING)
}

/// Returns whether a text only says that the call went well, as the envelope of a failed generation does: it is not a
/// cause.
pub fn is_success(text: &str) -> bool {
    ["success", "succeeded", "successful", "ok", "成功", "请求成功", "操作成功"]
        .contains(&text.trim().to_lowercase().as_str())
}

/// Returns whether `text` contains `word` as a separate word: "case-sensitive" is not moderation, and 1500044 not a code.
fn says(text: &str, word: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let digits = word.starts_with(|c: char| c.is_ascii_digit());
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        let starts = !word.is_ascii() || before.is_none_or(|c| !joins(c));
        starts && (!digits || after.is_none_or(|c| !c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_moderation_is_told_by_its_text() {
        let refused = "The content contains inappropriate information and does not pass the review.";
        assert!(
            is_moderation("FAILED", refused)
                && is_moderation("500063", "")
                && is_moderation("CANCELED", "内容审核未通过")
        );
        assert!(
            !is_moderation("FAILED", "out of memory") && !is_moderation("FAILED", "") && !is_moderation("404", "审核")
        );
    }

    #[test]
    fn an_image_that_the_service_cant_get_is_told_by_the_text() {
        for text in ["Failed to download image", "image url is not accessible", "the image has expired", "图片下载失败"]
        {
            assert!(is_image_missing(text), "{text}");
        }
        for text in ["image upload limit", "too many reference images: at most 3", "task not found", "图片审核未通过"]
        {
            assert!(!is_image_missing(text), "{text}");
        }
    }

    #[test]
    fn success_is_no_cause() {
        assert!(is_success("success") && is_success(" OK ") && is_success("成功"));
        assert!(!is_success("no success") && !is_success(""));
    }

    #[test]
    fn a_text_means_what_the_table_says() {
        for (code, text, meaning) in [
            (500, "500044 reached the limit for concurrent generations", Some(Text::TooMany)),
            (400, "Too many requests, slow down", Some(Text::TooMany)),
            (400, "too many reference images: at most 3", None),
            (400, "too many requests for images", Some(Text::TooMany)),
            (500, "err_code=500054", Some(Text::Content)),
            (500, "[500063]", Some(Text::Content)),
            (400, "The content contains inappropriate information and does not pass the review.", Some(Text::Content)),
            (400, "内容审核未通过", Some(Text::Content)),
            (400, "图片违规", Some(Text::Content)),
            (500, "包含敏感词", Some(Text::Content)),
            (400, "The image is Not Compliant", Some(Text::Content)),
            (400, "a sensitive word", Some(Text::Content)),
            (400, "field names are case-sensitive", None),
            (400, "the check is insensitive to case", None),
            (500, "400018", Some(Text::Limit)),
            (400, "400019: negative prompt", Some(Text::Limit)),
            (500, "500030", Some(Text::Limit)),
            (500, "500020 no permission", Some(Text::Account)),
            (500, "余额不足", Some(Text::Money)),
            (400, "Insufficient balance", Some(Text::Money)),
            (400, "insufficient credits", Some(Text::Money)),
            (500, "1500044", None),
            (500, "5000441", None),
            (400, "the prompt is empty", None),
            // With any other code a text says nothing more.
            (404, "too many", None),
            (403, "审核", None),
            (500_054, "", Some(Text::Content)),
            (500_044, "", Some(Text::TooMany)),
            (400_018, "", Some(Text::Limit)),
            (0, "", None),
        ] {
            assert_eq!(meant(code, text), meaning, "{code} {text}");
        }
    }
}
