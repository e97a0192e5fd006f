"""What the admin said: one YAML file, judged whole before anything runs.

Start at `load_config`; `Config` is what it returns.
"""

from gateway.config.load import Loaded, load_config, load_file, load_text
from gateway.config.model import Config
from gateway.config.sample import sample_config

__all__ = ["Config", "Loaded", "load_config", "load_file", "load_text", "sample_config"]
