CREATE TABLE experiments (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    name              TEXT    NOT NULL UNIQUE,
    artifact_location TEXT    NOT NULL,
    stage             TEXT    NOT NULL,
    created           BIGINT  NOT NULL,
    updated           BIGINT  NOT NULL
);

CREATE TABLE experiment_tags (
    experiment BIGINT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    key        TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    PRIMARY KEY (experiment, key)
) WITHOUT ROWID;

CREATE TABLE runs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id       TEXT    NOT NULL UNIQUE,
    experiment   BIGINT  NOT NULL REFERENCES experiments (id),
    name         TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    start_time   BIGINT  NOT NULL,
    end_time     BIGINT  NOT NULL,
    artifact_uri TEXT    NOT NULL,
    stage        TEXT    NOT NULL
);
CREATE INDEX runs_by_experiment ON runs (experiment, stage, start_time DESC, run_id);
CREATE INDEX runs_by_start ON runs (stage, start_time DESC, run_id);

CREATE TABLE params (
    run   BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key   TEXT   NOT NULL,
    value TEXT   NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

CREATE TABLE metrics (
    run       BIGINT           NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key       TEXT             NOT NULL,
    step      BIGINT           NOT NULL,
    timestamp BIGINT           NOT NULL,
    value     DOUBLE PRECISION NOT NULL,
    is_nan    BOOLEAN          NOT NULL,
    PRIMARY KEY (run, key, step, timestamp, value, is_nan)
) WITHOUT ROWID;

CREATE TABLE latest_metrics (
    run       BIGINT           NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key       TEXT             NOT NULL,
    step      BIGINT           NOT NULL,
    timestamp BIGINT           NOT NULL,
    value     DOUBLE PRECISION NOT NULL,
    is_nan    BOOLEAN          NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

CREATE TABLE run_tags (
    run   BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key   TEXT   NOT NULL,
    value TEXT   NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

CREATE TABLE datasets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment  BIGINT  NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    source_type TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    schema      TEXT    NOT NULL,
    profile     TEXT    NOT NULL,
    UNIQUE (experiment, name, digest)
);

CREATE TABLE inputs (
    run     BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset BIGINT NOT NULL REFERENCES datasets (id),
    PRIMARY KEY (run, dataset)
) WITHOUT ROWID;

CREATE TABLE input_tags (
    run     BIGINT NOT NULL,
    dataset BIGINT NOT NULL,
    key     TEXT   NOT NULL,
    value   TEXT   NOT NULL,
    PRIMARY KEY (run, dataset, key),
    FOREIGN KEY (run, dataset) REFERENCES inputs (run, dataset) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE models (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    description  TEXT    NOT NULL,
    created      BIGINT  NOT NULL,
    updated      BIGINT  NOT NULL,
    last_version BIGINT  NOT NULL
);

CREATE TABLE model_tags (
    model BIGINT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    key   TEXT   NOT NULL,
    value TEXT   NOT NULL,
    PRIMARY KEY (model, key)
) WITHOUT ROWID;

CREATE TABLE versions (
    model       BIGINT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL,
    description TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    run_id      TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    PRIMARY KEY (model, number)
) WITHOUT ROWID;
CREATE INDEX versions_by_run ON versions (run_id);

CREATE TABLE version_tags (
    model  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    key    TEXT   NOT NULL,
    value  TEXT   NOT NULL,
    PRIMARY KEY (model, number, key),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE aliases (
    model  BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (model, name),
    FOREIGN KEY (model, number) REFERENCES versions (model, number) ON DELETE CASCADE
) WITHOUT ROWID;
