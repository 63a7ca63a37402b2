extension TRLProgram {
  /// What stands before the settings: how the script is called, and what it needs.
  static func head(version: String) -> String {
    """
    # /// script
    # requires-python = ">=3.11"
    # dependencies = ["trl==\(version)", "peft", "pillow"]
    # ///
    \"\"\"Trains the student of a run of `distill` by TRL \(version) as `distill run` would: the same rows in the same order, the same
    adapter at the beginning, the same loss, schedule and optimizer.

        python train.py stage1
        python train.py stage2            (goes on from stage1/adapter)
        accelerate launch train.py stage1 (several GPUs; `batch` of the stage is dealt out to them)

    --model FOLDER   where the base model lies on this machine
    --dtype TYPE     bfloat16 in place of the run's float32: faster, and losses differ in the third digit
    --max-steps N    stop after so many updates
    --resume         go on from the last whole checkpoint; without one, begin

    The adapter is left in STAGE/adapter. An update is `batch` items; all rows of an item (its answers, its pairs) go through the
    model together.
    \"\"\"
    import argparse
    import hashlib
    import json
    import os

    import torch
    from datasets import Dataset
    from peft import PeftModel
    from PIL import Image, ImageOps
    from torch.utils.data import DataLoader
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


    """
  }
}
