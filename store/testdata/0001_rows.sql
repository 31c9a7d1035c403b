INSERT INTO experiments (id, name, artifact_location, stage, created, updated) VALUES (0, 'Default', 's3://mlflow/0', 'active', 1, 1), (1, 'e', 's3://mlflow/1', 'active', 2, 2);
INSERT INTO experiment_tags (experiment, key, value) VALUES (1, 'k', 'v');
INSERT INTO runs (id, run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, stage) VALUES
    (1, 'aa', 1, 'first', 'ada', 'FINISHED', 3, 4, 's3://mlflow/1/aa/artifacts', 'active'),
    (2, 'bb', 1, 'second', 'ada', 'FAILED', 5, 0, 's3://mlflow/1/bb/artifacts', 'deleted');
INSERT INTO params (run, key, value) VALUES (1, 'trees', '100'), (2, 'trees', '200');
INSERT INTO metrics (run, key, step, timestamp, value, is_nan) VALUES (1, 'auc', 0, 3, 0.8, FALSE), (1, 'auc', 1, 4, 0.9, FALSE), (1, 'nan', 0, 3, 0, TRUE);
INSERT INTO latest_metrics (run, key, step, timestamp, value, is_nan) VALUES (1, 'auc', 1, 4, 0.9, FALSE), (1, 'nan', 0, 3, 0, TRUE);
INSERT INTO run_tags (run, key, value) VALUES (1, 'kind', 'old'), (1, 'mlflow.runName', 'first');
INSERT INTO datasets (id, experiment, name, digest, source_type, source, schema, profile) VALUES (1, 1, 'd', '1', 's3', 's3://data/d', '{}', '{}');
INSERT INTO inputs (run, dataset) VALUES (1, 1), (2, 1);
INSERT INTO input_tags (run, dataset, key, value) VALUES (1, 1, 'mlflow.data.context', 'training');
INSERT INTO models (id, name, description, created, updated, last_version) VALUES (1, 'm', 'd', 6, 6, 1);
INSERT INTO model_tags (model, key, value) VALUES (1, 'k', 'v');
INSERT INTO versions (model, number, description, source, run_id, created, updated) VALUES (1, 1, '', 's3://mlflow/1/aa/artifacts/model', 'aa', 7, 7);
INSERT INTO version_tags (model, number, key, value) VALUES (1, 1, 'k', 'v');
INSERT INTO aliases (model, name, number) VALUES (1, 'champion', 1);
