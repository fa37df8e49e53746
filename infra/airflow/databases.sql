CREATE DATABASE citybrain OWNER airflow;
