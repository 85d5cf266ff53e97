use super::*;

fn part(most: u32, spent: u32, reserved: u32) -> Part {
    let [most, spent, reserved] = [most, spent, reserved].map(Decimal::whole);
    Part { number: 1, most, spent, reserved }
}

#[test]
fn what_others_spent_and_reserved_counts_and_the_smallest_limit_holds() {
    let runs = [("me", part(9, 1, 1)), ("a", part(7, 2, 0)), ("b", part(8, 1, 1))];
    let runs = runs.map(|(run, part)| (run.to_owned(), part)).into();
    let document = Document { rev: 3, past: Decimal::whole(1), runs };
    let beside = document.beside("me", Decimal::whole(9));
    let [spent, reserved, most] = [4, 1, 7].map(Decimal::whole);
    assert_eq!(beside, Beside { spent, reserved, most });
    let afforded = |prices: &[u32]| {
        let prices: Vec<Decimal> = prices.iter().copied().map(Decimal::whole).collect();
        let (count, sum) = afforded(beside, Decimal::ZERO, &prices);
        (count, sum.to_string())
    };
    assert_eq!(afforded(&[1, 1, 1]), (2, "2".to_owned()));
    assert_eq!(afforded(&[3, 1]), (0, "0".to_owned()), "a cheaper one overtakes none");
    assert_eq!(afforded(&[2]), (1, "2".to_owned()));
    let text = serde_json::to_string(&document).unwrap();
    assert!(text.contains(r#""most":"7""#), "{text}");
    let found = Found { revision: crate::ledger::shared::store::Revision("1".to_owned()), text: text.into_bytes() };
    assert_eq!(Document::read("f/budget/", Some(&found)), Ok(document));
}
