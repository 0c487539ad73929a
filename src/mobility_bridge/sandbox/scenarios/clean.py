"""Twelve agreements, two with each partner, on which everybody agrees."""

from datetime import date

from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.scenarios.script import Script, Terms
from mobility_bridge.sandbox.scenarios.story import Scenario
from mobility_bridge.sandbox.world import STUDIES, TEACHING, TRAINEESHIP, TRAINING

_SUBJECTS = ("0311", "0421", "0232", "0613", "0912", "0533")


def scenario(today: date) -> Scenario:
    script = Script("clean", today)
    for hei, subject in zip(PARTNERS, _SUBJECTS, strict=True):
        studies = Terms(STUDIES, places_out=3, places_in=4, fields=(subject,))
        teaching = Terms(TEACHING, places_out=1, places_in=1, fields=(subject,), languages=(("en", "C1"),))
        script.shows(f"studies-{hei.hei_id}", script.pair(hei.hei_id, [studies, teaching]))
        trainees = Terms(TRAINEESHIP, fields=(subject,), levels=("7",))
        training = Terms(TRAINING, places_out=1, places_in=2, fields=(), languages=())
        script.shows(f"work-{hei.hei_id}", script.pair(hei.hei_id, [trainees, training]))
    return script.finished()
