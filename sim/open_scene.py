"""What a design at work needs of the model, once the services of the run are open."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from agents.segments import Segments
from sim.crises import Crises
from sim.lookback import LookBack
from sim.scene import Scene
from sim.services import ServiceSet
from sim.world import World

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class OpenScene(Scene, Protocol):
    """What a design needs of the model: what services need, the services, and who needs them."""

    world: World
    services: ServiceSet
    crises: Crises
    segments: Segments
    look_back: LookBack

    def fixed_luck(self, process: str) -> Floats:
        """Return everyone's number between 0 and 1 for something decided once."""

    def changed(self, rows: Rows) -> None:
        """Remember that the rates of ``rows`` must be worked out anew."""
