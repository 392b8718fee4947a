"""Numbers of the runtime that must stand in a relation: tests that wait replace them by shorter ones."""

import re

import plumbline_beat
import plumbline_celery
import plumbline_guard_admission
import plumbline_migrate
import plumbline_migrate_lock
import plumbline_password
from conftest import HERE


def test_a_beat_is_dead_and_what_it_sent_has_arrived_before_its_lock_is_another_s():
    assert plumbline_beat.KILLED + plumbline_beat.ANSWER < plumbline_beat.LIFE


def test_a_beat_tries_to_renew_its_lock_several_times_before_it_dies():
    assert 3 * (plumbline_beat.RENEWAL + plumbline_beat.ANSWER) <= plumbline_beat.KILLED


def test_a_worker_gives_several_signs_of_life_within_a_visibility_timeout():
    assert plumbline_celery.SIGNS >= 3
    assert plumbline_celery.SIGNS * plumbline_celery.LONGEST_INTERVAL <= 3600  # the shortest that a plan has


def test_a_machine_waits_longer_for_its_turn_than_another_one_tries_to_get_a_table():
    tries = plumbline_migrate.LOCK * (len(plumbline_migrate.PAUSES) + 1) + sum(plumbline_migrate.PAUSES)
    assert tries < plumbline_migrate_lock.TURN


def test_a_machine_that_waits_for_its_turn_can_say_so_before_its_deployment_ends():
    creation = re.search(
        r"CREATION_TIMEOUT = Duration.minutes\((\d+)\)", (HERE.parents[1] / "lib/web-instance.ts").read_text()
    )
    minutes = int(creation[1])
    assert minutes * 60 > plumbline_migrate_lock.TURN


def test_readers_pass_longer_between_two_tries_than_they_have_waited_before():
    assert sum(plumbline_migrate.PAUSES) > plumbline_migrate.LOCK * len(plumbline_migrate.PAUSES)


def test_an_account_is_fetched_anew_only_when_all_waits_of_the_last_time_are_over():
    assert sum(plumbline_password.WAITS) < plumbline_password.PAUSE


def test_a_queue_that_stands_is_short_sooner_than_it_counts_as_standing():
    assert plumbline_guard_admission.SHORT < plumbline_guard_admission.STANDING
