ALTER TABLE experiments ADD COLUMN deleted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN deleted BIGINT NOT NULL DEFAULT 0;

CREATE INDEX latest_metrics_by_value ON latest_metrics (key, is_nan, value, run);
CREATE INDEX params_by_value ON params (key, SUBSTR(value, 1, 64), run);
CREATE INDEX run_tags_by_value ON run_tags (key, SUBSTR(value, 1, 64), run);
CREATE INDEX inputs_by_dataset ON inputs (dataset, run);

CREATE TABLE logged_models (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    model_id       TEXT    NOT NULL UNIQUE,
    experiment     BIGINT  NOT NULL REFERENCES experiments (id),
    name           TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    source_run_id  TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    status_message TEXT    NOT NULL,
    artifact_uri   TEXT    NOT NULL,
    created        BIGINT  NOT NULL,
    updated        BIGINT  NOT NULL,
    stage          TEXT    NOT NULL,
    deleted        BIGINT  NOT NULL
);
CREATE INDEX logged_models_by_experiment ON logged_models (experiment, stage, created DESC, model_id);

CREATE TABLE logged_model_params (
    model BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key   TEXT   NOT NULL,
    value TEXT   NOT NULL,
    PRIMARY KEY (model, key)
) WITHOUT ROWID;

CREATE TABLE logged_model_tags (
    model BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key   TEXT   NOT NULL,
    value TEXT   NOT NULL,
    PRIMARY KEY (model, key)
) WITHOUT ROWID;

CREATE TABLE logged_model_metrics (
    model          BIGINT           NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key            TEXT             NOT NULL,
    dataset_name   TEXT             NOT NULL,
    dataset_digest TEXT             NOT NULL,
    timestamp      BIGINT           NOT NULL,
    step           BIGINT           NOT NULL,
    value          DOUBLE PRECISION NOT NULL,
    is_nan         BOOLEAN          NOT NULL,
    run_id         TEXT             NOT NULL,
    PRIMARY KEY (model, key, dataset_name, dataset_digest)
) WITHOUT ROWID;

CREATE TABLE input_models (
    run      BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    model_id TEXT   NOT NULL,
    PRIMARY KEY (run, model_id)
) WITHOUT ROWID;

CREATE TABLE outputs (
    run      BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    model_id TEXT   NOT NULL,
    step     BIGINT NOT NULL,
    PRIMARY KEY (run, model_id, step)
) WITHOUT ROWID;

ALTER TABLE versions ADD COLUMN stage TEXT NOT NULL DEFAULT 'None';
ALTER TABLE versions ADD COLUMN run_link TEXT NOT NULL DEFAULT '';
ALTER TABLE versions ADD COLUMN model_id TEXT NOT NULL DEFAULT '';
ALTER TABLE versions ADD COLUMN storage TEXT NOT NULL DEFAULT '';

CREATE TABLE webhooks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id  TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    events      TEXT    NOT NULL,
    disabled    BOOLEAN NOT NULL,
    secret      TEXT    NOT NULL,
    created     BIGINT  NOT NULL,
    updated     BIGINT  NOT NULL
);
