//! One server, one data directory, and what it keeps there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use onsale_core::id::PartitionId;
use onsale_core::time::{Span, Time};
use onsale_runtime::config::{Config, Secret};
use onsale_runtime::data_directory::{DataDirectory, DataDirectoryError};

use crate::support::Place;

#[test]
fn what_is_created_is_found_again() {
    let place = Place::new();
    let first = PartitionId::new(0).unwrap();
    let open = |config: &Config| {
        let data = DataDirectory::open(config).unwrap();
        assert!(data.partition_path(PartitionId::new(2).unwrap()).is_dir());
        let secrets = (data.operator_token.clone(), data.sandbox_secret.clone());
        (data.was_created, data.partitions, data.journal_id(first), key_of(&data), secrets)
    };
    let created = open(&place.config(3));
    // How many there are is not asked again.
    let opened = open(&Config { partitions: None, ..place.config(3) });
    assert_eq!((created.0, created.1, opened.0, opened.1), (true, 3, false, 3));
    assert_eq!((created.2, &created.3), (opened.2, &opened.3));
    assert_eq!(
        (created.4.0.expose(), created.4.1.expose()),
        (opened.4.0.expose(), opened.4.1.expose())
    );
    assert!(created.4.0.expose().len() >= 32 && created.4.0 != created.4.1);
}

#[test]
fn no_two_journals_have_the_same_id() {
    let (one, other) = (Place::new(), Place::new());
    let one = DataDirectory::open(&one.config(2)).unwrap();
    let other = DataDirectory::open(&other.config(2)).unwrap();
    let [zero, first] = [0, 1].map(|number| PartitionId::new(number).unwrap());
    assert_ne!(one.journal_id(zero), one.journal_id(first));
    assert_ne!(one.journal_id(zero), other.journal_id(zero));
}

#[test]
fn secrets_are_for_their_owner_only() {
    let place = Place::new();
    DataDirectory::open(&place.config(1)).unwrap();
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("onsale-data"), 0o700);
    let keys: Vec<_> = fs::read_dir(place.path("onsale-data/keys")).unwrap().collect();
    assert_eq!(keys.len(), 3);
    assert_eq!(mode("onsale-data/keys/tokens"), 0o700);
    for key in ["operator-token", "sandbox-webhook-secret", "tokens/0.pk8"] {
        assert_eq!(mode(&format!("onsale-data/keys/{key}")), 0o600);
    }
}

#[test]
fn the_only_key_of_an_earlier_version_is_taken_over() {
    let place = Place::new();
    let key = key_of(&DataDirectory::open(&place.config(1)).unwrap());
    let (before, now) = ("onsale-data/keys/token-ed25519.pk8", "onsale-data/keys/tokens/0.pk8");
    fs::rename(place.path(now), place.path(before)).unwrap();
    assert!(key_of(&DataDirectory::open(&place.config(1)).unwrap()) == key);
    assert!(place.path(now).exists() && !place.path(before).exists());
}

#[test]
fn a_new_key_signs_after_a_restart_too_and_what_was_not_finished_is_none() {
    let place = Place::new();
    let week = Span::from_mins(7 * 24 * 60);
    let kids = || {
        let data = DataDirectory::open(&place.config(1)).unwrap();
        let keys = data.token_keys.ring(week).unwrap().view().now();
        keys.all().map(|key| key.id().to_owned()).collect::<Vec<_>>()
    };
    let first = kids();
    {
        let data = DataDirectory::open(&place.config(1)).unwrap();
        let ring = data.token_keys.ring(week).unwrap();
        ring.rotate(&[7; 32], Time::from_ms(1_790_848_800_217)).unwrap();
    }
    place.write("onsale-data/keys/tokens/1790848800218.pk8.unfinished", "half");
    let both = kids();
    assert_eq!((both.len(), &both[1]), (2, &first[0]));
    place.write("onsale-data/keys/tokens/1790848800219.pk8", "half");
    let refused = DataDirectory::open(&place.config(1)).unwrap_err();
    assert!(refused.to_string().contains("1790848800219.pk8 is damaged"), "{refused}");
}

fn key_of(data: &DataDirectory) -> Vec<u8> {
    data.token_keys.files().unwrap().remove(0).pkcs8
}

#[test]
fn a_configured_secret_is_used_and_not_written_down() {
    let place = Place::new();
    let operator_token = Some(Secret::new("a-token-of-my-own".to_owned()));
    let data = DataDirectory::open(&Config { operator_token, ..place.config(1) }).unwrap();
    assert_eq!(data.operator_token.expose(), "a-token-of-my-own");
    assert!(!place.path("onsale-data/keys/operator-token").exists());
}

#[test]
fn a_second_server_is_refused() {
    let place = Place::new();
    let first = DataDirectory::open(&place.config(1)).unwrap();
    let refused = DataDirectory::open(&place.config(1)).unwrap_err();
    assert!(matches!(refused, DataDirectoryError::Lock(_)));
    let serve = place.onsale(&["serve", "--host", "tokio", "--listen", "127.0.0.1:0"]);
    assert_eq!(serve.code, Some(1), "{serve:?}");
    assert!(serve.err.contains("in use by another process"), "{serve:?}");
    place.onsale(&["journal", "verify"]).refuses(1, &["in use by another process"]);
    drop(first);
    place.onsale(&["journal", "verify"]).succeeds();
}

#[test]
fn another_number_of_partitions_is_refused() {
    let place = Place::new();
    DataDirectory::open(&place.config(3)).unwrap();
    let refused = DataDirectory::open(&place.config(4)).unwrap_err().to_string();
    assert!(refused.contains("has 3 partitions, the configuration says 4"), "{refused}");
}

#[test]
fn another_format_is_refused() {
    let place = Place::new();
    drop(DataDirectory::open(&place.config(1)).unwrap());
    place.write("onsale-data/directory.toml", "format = 2\ncells = 7\n");
    let refused = DataDirectory::open(&place.config(1)).unwrap_err().to_string();
    assert!(refused.contains("has format 2, this program knows format 1"), "{refused}");
    place.onsale(&["journal", "inspect"]).refuses(1, &["has format 2", "or a newer one"]);
    for nonsense in ["format = ", "format = 1\npartitions = 0\n", ""] {
        place.write("onsale-data/directory.toml", nonsense);
        let refused = DataDirectory::open(&place.config(1)).unwrap_err();
        assert!(matches!(refused, DataDirectoryError::Description { .. }), "{refused}");
    }
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.path("onsale-data")).unwrap();
    place.write("onsale-data/thesis.tex", "");
    let refused = DataDirectory::open(&place.config(1)).unwrap_err();
    assert!(matches!(refused, DataDirectoryError::NotOurs(_)), "{refused}");
    assert!(!place.path("onsale-data/keys").exists());
    place.onsale(&["journal", "verify"]).refuses(2, &["is no data directory", "--data"]);
}

#[test]
fn a_lost_description_does_not_make_a_journal_a_new_one() {
    let place = Place::new();
    drop(DataDirectory::open(&place.config(2)).unwrap());
    let description = place.path("onsale-data/directory.toml");
    fs::remove_file(&description).unwrap();
    place.write("onsale-data/partitions/0001/0000000001.segment", "facts");
    let refused = DataDirectory::open(&place.config(2)).unwrap_err();
    assert!(matches!(refused, DataDirectoryError::NotOurs(_)), "{refused}");
    assert!(!description.exists());
}

#[test]
fn an_interrupted_creation_is_completed() {
    let place = Place::new();
    let before = key_of(&DataDirectory::open(&place.config(2)).unwrap());
    fs::remove_file(place.path("onsale-data/directory.toml")).unwrap();
    place.write("onsale-data/directory.toml.unfinished", "form");
    fs::remove_file(place.path("onsale-data/keys/operator-token")).unwrap();
    let data = DataDirectory::open(&place.config(2)).unwrap();
    assert!(data.was_created);
    assert!(key_of(&data) == before);
}
