use super::*;

fn read(text: &str) -> Fault {
    text.parse().unwrap()
}

#[test]
fn a_fault_says_where_how_and_when() {
    let fault = read("submit:503(envelope,retry-after=2s)@1-3/each~@dog plays");
    let answer = Answer {
        status: StatusCode::SERVICE_UNAVAILABLE,
        says: Says::Envelope(503),
        retry_after: Some(RetryAfter::Seconds(2)),
        location: None,
        server: None,
        message: None,
    };
    assert_eq!(fault.call, Some(Call::Submit));
    assert_eq!(fault.action, Action::Instead { what: Instead::Answer(answer), handled: false });
    assert_eq!(fault.when, When::Times { first: 1, last: 3 });
    assert_eq!(fault.scope, Scope::Subject);
    assert_eq!(fault.about.as_deref(), Some("@dog plays"));
}

#[test]
fn times_are_counted_from_one() {
    let when = |text| read(&format!("any:reset{text}")).when;
    assert_eq!(when(""), When::Times { first: 1, last: u64::MAX });
    assert_eq!(when("@3"), When::Times { first: 3, last: 3 });
    assert_eq!(when("@4-"), When::Times { first: 4, last: u64::MAX });
    assert_eq!(when("@%3"), When::Every(3));
    assert_eq!(when("@10%"), When::Chance(Share::new(0.1).unwrap()));
}

#[test]
fn every_action_is_read() {
    let action = |text: &str| read(text).action;
    let alter = |text: &str| match action(text) {
        Action::Alter(alteration) => alteration,
        other => panic!("{other:?}"),
    };
    assert_eq!(action("submit:reset(early)"), Action::Instead { what: Instead::Reset { early: true }, handled: false });
    assert_eq!(
        action("submit:reset(charged)"),
        Action::Instead { what: Instead::Reset { early: false }, handled: true }
    );
    assert_eq!(action("submit:stall(charged)"), Action::Instead { what: Instead::Stall, handled: true });
    assert_eq!(action("submit:never"), Action::Ends(None));
    assert_eq!(action("submit:moderate"), Action::Ends(Some(Outcome::Moderated)));
    assert_eq!(alter("status:set(status=QUEUED)"), Alteration::Set("status".into(), "QUEUED".into()));
    assert_eq!(alter("submit:set(code=7)"), Alteration::Set("code".into(), 7.into()));
    assert_eq!(alter("result:set(urls=[\"a\",\"b\"])"), Alteration::Set("urls".into(), serde_json::json!(["a", "b"])));
    assert_eq!(alter("submit:drop(taskId)"), Alteration::Drop("taskId".into()));
    assert_eq!(alter("any:drip(50ms)"), Alteration::Drip(Duration::from_millis(50)));
    assert_eq!(alter("status:shape(among)"), Alteration::Among);
    let says = |text: &str| match action(text) {
        Action::Instead { what: Instead::Answer(Answer { says, message, server, .. }), .. } => (says, message, server),
        other => panic!("{other:?}"),
    };
    assert_eq!(says("submit:504(gateway)"), (Says::Gateway(Some(504)), None, None));
    assert_eq!(
        says("submit:400(message=not compliant,server=nginx)"),
        (Says::Gateway(None), Some("not compliant".into()), Some("nginx".into()))
    );
    assert_eq!(says("submit:200(envelope=500,message=余额不足)"), (Says::Envelope(500), Some("余额不足".into()), None));
    assert_eq!(alter("any:cut(head)"), Alteration::CutHead);
    assert_eq!(alter("download:truncate(9,chunked)"), Alteration::Truncate { bytes: 9, chunked: true });
    assert_eq!(
        alter("result:expires(2s,410)"),
        Alteration::Expires { after: Duration::from_secs(2), status: StatusCode::GONE }
    );
}

#[test]
fn what_is_no_fault_is_refused_with_the_reason() {
    for (text, why) in [
        ("submit", "CALL:ACTION is expected, as `submit:503@1-3`"),
        ("poll:503", "`poll` is none of connect, submit, upload, status, result, download, any"),
        ("submit:explode", "`explode` is no action"),
        ("submit:99", "an HTTP status is from 200 to 599"),
        ("submit:503(slowly)", "503 takes no `slowly`"),
        ("submit:503(envelope", "a `)` is missing"),
        ("submit:503@", "`@` is no time: @3, @1-3, @4-, @%3 (every third) and @10% (by chance) are"),
        ("submit:503@0", "`@0` is no time: @3, @1-3, @4-, @%3 (every third) and @10% (by chance) are"),
        ("submit:503@3-1", "`@3-1` is no time: @3, @1-3, @4-, @%3 (every third) and @10% (by chance) are"),
        ("submit:503@200%", "`@200%` is no time: @3, @1-3, @4-, @%3 (every third) and @10% (by chance) are"),
        ("submit:503/job", "`/job` is neither /each nor /url"),
        ("submit:503(html)x", "`x` is not expected here"),
        ("submit:cut(a lot)", "cut takes a number, not `a lot`"),
        ("submit:cut(1,2)", "cut takes a number and reset, not `2`"),
        ("submit:hang(1,2)", "hang takes no `2`"),
        ("submit:delay(2)", "`2` is no duration, as `2s` or `150ms`"),
        ("result:expires(2s,500)", "a URL expires with 403, 404 or 410, not `500`"),
        ("status:fail", "how a task ends is decided at submit"),
        ("status:expires(1s)", "only the URLs of a result expire"),
        ("connect:503", "a connection can only be hit by reset and stall, without /each, /url and ~"),
        (
            "submit:reset(early)/each",
            "before its body is read, a request is not known: no /each and no ~ with reset(early)",
        ),
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert_eq!(error.to_string(), format!("`{text}` is not a fault: {why}"));
    }
}
