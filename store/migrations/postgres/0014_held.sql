-- What an organization was let in to is listed without reading what others were.
CREATE INDEX access_records_held ON access_records (registry, organization, scope, denied, created, updated);
