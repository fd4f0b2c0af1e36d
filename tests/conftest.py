"""One profile for Hypothesis: reproducible, no database, no deadline (a loaded machine is no failure).

No test sees or touches the evidence cache of whoever runs it.
"""

import pytest

from infodyn.strategies import use_ci_profile

use_ci_profile()


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFODYN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
