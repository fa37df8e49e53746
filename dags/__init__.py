"""What Airflow reads: DAGs made of the compiled schedules, and the tasks that call our program.

Nothing in here imports anything of ours, or anything heavy: a schedule is a JSON file, a task is a
process. So DAG files parse in no time, and Airflow may live in an environment of its own.
"""
