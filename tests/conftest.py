"""One profile for Hypothesis: reproducible, no database, no deadline (a loaded machine is no failure).

No test sees or touches the evidence cache of whoever runs it.
"""

import os

import pytest

from infodyn.strategies import use_ci_profile

use_ci_profile()
# jax starts threads, which do not go with the forks of other tests: `make test-oracle` is a process of its own
collect_ignore = [] if os.environ.get("INFODYN_ORACLE") else ["numerics/test_diffrax_oracle.py"]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFODYN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
