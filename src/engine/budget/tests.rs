//! Random purchases in parallel, against the simplest possible bookkeeping.

use super::*;
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn what_is_given_back_can_be_spent_again() {
    let budget = Budget::new(Some(decimal("0.3")));
    let mut first = budget.reserve(decimal("0.1"), None).unwrap();
    let second = budget.reserve(decimal("0.2"), None).expect("0.1 and 0.2 are 0.3");
    assert!(budget.reserve(decimal("0.000000001"), None).is_none());
    drop(second);
    assert_eq!(budget.spent(), Spent::default(), "nothing was sent for it");
    first.sent();
    first.accepted();
    first.failed();
    assert_eq!(budget.spent(), Spent { given_back: decimal("0.1"), ..Spent::default() });
    assert!(budget.reserve(decimal("0.3"), None).is_some());
}

#[test]
fn a_submit_without_an_answer_stays_reserved() {
    let budget = Budget::new(Some(Decimal::whole(2)));
    let mut purchase = budget.reserve(Decimal::whole(1), None).unwrap();
    purchase.sent();
    purchase.lost();
    assert!(purchase.again(None), "another submit is another purchase");
    purchase.sent();
    drop(purchase);
    assert_eq!(budget.spent().uncertain, Decimal::whole(2), "also where its job ended without a word");
    assert!(budget.reserve(Decimal::whole(1), None).is_none());
}

#[test]
fn a_refusal_gives_back_at_the_end_of_all_tries() {
    let budget = Budget::new(Some(Decimal::whole(1)));
    let mut purchase = budget.reserve(Decimal::whole(1), None).unwrap();
    for _ in 0..3 {
        purchase.sent();
        purchase.refused();
        assert!(budget.reserve(Decimal::whole(1), None).is_none(), "it is tried again");
    }
    drop(purchase);
    assert_eq!(budget.spent(), Spent { given_back: Decimal::whole(1), ..Spent::default() });
}

/// A possible event of the purchase with this number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve(u32),
    Sent(usize),
    Refused(usize),
    Accepted(usize),
    Lost(usize),
    Again(usize),
    Failed(usize),
    Dropped(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..8usize;
    prop_oneof![
        3 => (0..500u32).prop_map(Step::Reserve),
        3 => which.clone().prop_map(Step::Sent),
        1 => which.clone().prop_map(Step::Refused),
        2 => which.clone().prop_map(Step::Accepted),
        1 => which.clone().prop_map(Step::Lost),
        1 => which.clone().prop_map(Step::Again),
        1 => which.clone().prop_map(Step::Failed),
        1 => which.prop_map(Step::Dropped),
    ]
}

/// The service's own view of a purchase: submits that it may have charged, and those of them that it failed.
#[derive(Default)]
struct Charges {
    most: Decimal,
    failed: Decimal,
}

proptest! {
    #[test]
    fn what_may_be_charged_never_passes_the_limit(
        most in 0..2_000u32,
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let limit = Decimal::whole(most);
        let budget = Budget::new(Some(limit));
        let mut purchases: Vec<Reservation> = Vec::new();
        let mut service = Charges::default();
        for step in steps {
            let sent_before = |purchase: &Reservation| purchase.state == State::Held;
            match step {
                Step::Reserve(price) if purchases.len() < 8 => purchases.extend(budget.reserve(Decimal::whole(price), None)),
                Step::Reserve(_) => {}
                Step::Sent(n) => {
                    if let Some(purchase) = purchases.get_mut(n).filter(|purchase| sent_before(purchase)) {
                        purchase.sent();
                        // From here on the service may have charged it, unless it says that it didn't.
                        service.most += purchase.price;
                    }
                }
                Step::Refused(n) => {
                    if let Some(purchase) = purchases.get_mut(n).filter(|purchase| purchase.state == State::Out) {
                        service.most = service.most.minus(purchase.price);
                        purchase.refused();
                    }
                }
                Step::Accepted(n) => purchases.get_mut(n).into_iter().for_each(Reservation::accepted),
                Step::Lost(n) => {
                    if let Some(purchase) = purchases.get_mut(n).filter(|purchase| purchase.state != State::Held) {
                        purchase.lost();
                    }
                }
                Step::Again(n) => {
                    let _ = purchases.get_mut(n).is_some_and(|purchase| purchase.again(None));
                }
                Step::Failed(n) => {
                    if let Some(purchase) = purchases.get_mut(n).filter(|purchase| purchase.state == State::Charged) {
                        service.failed += purchase.price;
                        purchase.failed();
                    }
                }
                Step::Dropped(n) if n < purchases.len() => drop(purchases.swap_remove(n)),
                Step::Dropped(_) => {}
            }
            prop_assert!(service.most.minus(service.failed) <= limit);
            let spent = budget.spent();
            let reserved: Decimal =
                purchases.iter().filter(|p| matches!(p.state, State::Held | State::Out)).map(|p| p.price).sum();
            prop_assert_eq!(budget.books().reserved, reserved);
            prop_assert!([spent.charged, spent.uncertain, reserved].into_iter().sum::<Decimal>() <= limit);
        }
        let open = purchases.iter().any(|purchase| matches!(purchase.state, State::Held | State::Out));
        drop(purchases);
        let spent = budget.spent();
        prop_assert_eq!(budget.books().reserved, Decimal::ZERO, "{}", open);
        prop_assert_eq!(spent.charged.plus(spent.uncertain), service.most.minus(service.failed));
    }
}
