-- What was answered for a person is listed to them, newest first.
CREATE INDEX audit_answered ON audit (realm, subject, time) WHERE event = 'decided';
