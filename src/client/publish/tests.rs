//! Files published to a folder, and to a bucket in memory.

use super::source::PART;
use super::*;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use std::sync::Arc;

/// Returns both kinds of places, and what is in the bucket.
fn places(folder: &Path) -> ([Publisher; 2], Arc<InMemory>) {
    let memory = Arc::new(InMemory::new());
    let _ = std::fs::create_dir(folder.join("published"));
    let url: PublishUrl = "s3://team/films".parse().unwrap();
    let PublishUrl::Bucket(bucket) = &url else { unreachable!() };
    let place = Place::Bucket(Objects::new(bucket, memory.clone()));
    let bucket =
        Publisher { url, dir: "out".to_owned(), temporaries: Mark::of(folder), place, reach: Mutex::default() };
    let url = format!("file://{}", folder.join("published").display()).parse().unwrap();
    ([bucket, Publisher::new(&url, "out", Mark::of(folder)).unwrap()], memory)
}

async fn get(from: &Publisher, url: &str, content: &[u8], beside: &Path) -> Result<Vec<u8>, PublishError> {
    let known = (&Sha256::of(content), content.len() as u64);
    let video = from.get(url, known, &beside.join("x.mp4")).await?;
    assert_eq!((video.sha256, video.bytes), (*known.0, known.1));
    Ok(std::fs::read(video.file.path()).unwrap())
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_whatever_its_size() {
    let temp = tempfile::tempdir().unwrap();
    let (places, _) = places(temp.path());
    for place in places {
        for size in [1, 1000, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 7] {
            let content: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let (file, hash) = (temp.path().join("a.mp4"), Sha256::of(&content));
            std::fs::write(&file, &content).unwrap();
            let url = place.url_of(&format!("out/小狗/a-{size}.mp4"), &hash);
            assert!(url.starts_with(&format!("{}/小狗/a-{size}.", place.url())), "{url}");
            place.put(&file, &url, &hash).await.unwrap();
            assert!(get(&place, &url, &content, temp.path()).await.unwrap() == content, "{size}");
        }
    }
}

#[tokio::test]
async fn nothing_but_the_recorded_content_is_sent_or_taken() {
    let temp = tempfile::tempdir().unwrap();
    let (places, memory) = places(temp.path());
    let file = temp.path().join("a.mp4");
    for place in &places {
        for size in [7, 2 * PART + 7] {
            let (content, other) = (vec![1; size], vec![2; size]);
            let url = place.url_of(&format!("out/a-{size}.mp4"), &Sha256::of(&content));
            std::fs::write(&file, &other).unwrap();
            let refused = place.put(&file, &url, &Sha256::of(&content)).await.unwrap_err();
            assert!(matches!(refused, PublishError::Local(_)), "{refused}");
            let missing = get(place, &url, &content, temp.path()).await.unwrap_err();
            assert!(matches!(missing, PublishError::NotAsRecorded(_)), "{missing}");
            std::fs::write(&file, &content).unwrap();
            place.put(&file, &url, &Sha256::of(&content)).await.unwrap();
            for altered in [&other[..], &content[1..], &[]] {
                let name = place.url.name_of(&url).unwrap();
                match &place.place {
                    Place::Bucket(_) => {
                        let key = Key::parse(format!("films/{name}")).unwrap();
                        drop(memory.put(&key, altered.to_vec().into()).await.unwrap());
                    }
                    Place::Folder(_) => std::fs::write(temp.path().join("published").join(name), altered).unwrap(),
                }
                let refused = get(place, &url, &content, temp.path()).await.unwrap_err();
                assert!(matches!(refused, PublishError::NotAsRecorded(_)), "{refused}");
            }
        }
    }
    // A broken-off upload leaves nothing behind.
    assert_eq!(futures::StreamExt::count(memory.list(None)).await, 2);
}

#[tokio::test]
async fn what_is_no_file_of_the_recorded_length_is_neither_read_nor_waited_for() {
    let temp = tempfile::tempdir().unwrap();
    let ([_, place], _) = places(temp.path());
    let content = b"a video".as_slice();
    let url = place.url_of("out/a.mp4", &Sha256::of(content));
    let there = temp.path().join("published").join(place.url.name_of(&url).unwrap());
    std::fs::create_dir_all(&there).unwrap();
    let folder = get(&place, &url, content, temp.path()).await.unwrap_err();
    assert!(matches!(folder, PublishError::NotAsRecorded(_)), "{folder}");
    std::fs::remove_dir(&there).unwrap();
    let far_too_long = std::fs::File::create(&there).unwrap();
    far_too_long.set_len(1 << 40).unwrap();
    let longer = get(&place, &url, content, temp.path()).await.unwrap_err();
    assert!(matches!(longer, PublishError::NotAsRecorded(_)), "{longer}");
    #[cfg(target_os = "linux")]
    {
        std::fs::remove_file(&there).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &there,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let pipe = get(&place, &url, content, temp.path()).await.unwrap_err();
        assert!(matches!(pipe, PublishError::NotAsRecorded(_)), "{pipe}");
    }
}

#[tokio::test]
async fn a_folder_whose_disk_is_gone_is_not_made_anew_and_nothing_of_it_is_forgotten() {
    let temp = tempfile::tempdir().unwrap();
    let ([_, place], _) = places(temp.path());
    let (file, content) = (temp.path().join("a.mp4"), b"a video".as_slice());
    std::fs::write(&file, content).unwrap();
    let (hash, root) = (Sha256::of(content), temp.path().join("published"));
    let url = place.url_of("out/a.mp4", &hash);
    place.put(&file, &url, &hash).await.unwrap();
    std::fs::remove_dir_all(&root).unwrap();
    // Only of a file that is known to be gone the record is dropped.
    let away = get(&place, &url, content, temp.path()).await.unwrap_err();
    assert!(matches!(&away, PublishError::Away(why) if why.contains("doesn't exist: mount its disk")), "{away}");
    let refused = place.put(&file, &url, &hash).await.unwrap_err();
    assert!(matches!(&refused, PublishError::Refused(why) if why.contains("mkdir -p '")), "{refused}");
    assert!(!root.exists());
}

#[tokio::test]
async fn a_place_that_is_away_or_refuses_is_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    let ([_, place], _) = places(temp.path());
    let (file, hash) = (temp.path().join("a.mp4"), Sha256::of(b"1"));
    std::fs::write(&file, b"1").unwrap();
    std::fs::remove_dir(temp.path().join("published")).unwrap();
    std::fs::write(temp.path().join("published"), b"no folder").unwrap();
    let url = place.url_of("out/a.mp4", &hash);
    let refused = place.put(&file, &url, &hash).await.unwrap_err();
    assert!(matches!(refused, PublishError::Refused(_)), "{refused}");
    std::fs::remove_file(temp.path().join("published")).unwrap();
    assert_eq!(place.put(&file, &url, &hash).await.unwrap_err(), refused, "it isn't asked again");
    assert!(!place.ask_again());

    let ([_, place], _) = places(temp.path());
    for _ in 0..MISSES {
        place.put(&file, &url, &hash).await.unwrap();
        let _ = place.heard::<()>(Err(PublishError::Away("silence".to_owned())));
    }
    assert!(place.put(&file, &url, &hash).await.is_ok(), "each answer counts");
    for _ in 0..MISSES {
        let _ = place.heard::<()>(Err(PublishError::Away("silence".to_owned())));
    }
    assert_eq!(place.put(&file, &url, &hash).await, Err(PublishError::Away("silence".to_owned())));
    assert!(place.ask_again());
    place.put(&file, &url, &hash).await.unwrap();
}
