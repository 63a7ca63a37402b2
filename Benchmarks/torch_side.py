# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0", "peft==0.21.2"]
# ///
"""PyTorch's side of `make bench`: the steps that `distill bench` times, by transformers and PEFT on the same model folder.

    python torch_side.py --model DIR --job JOB [--dtype bfloat16] [--reduced] [--steps 3]

    vision    one image through the vision tower
    sft       an update on one prompt with an answer of each teacher
    dpo       an update on one prompt with a chosen and a rejected answer; the reference is the model without its adapter
    generate  one prompt and --answer greedy tokens
    score     log-probabilities of --teachers answers after each of --batch prompts
    encoder   an update of a text classifier on --batch texts; with --tagger of a token classifier

A prompt is an image, where the model has a vision tower, and --prompt tokens of text. Tokens and pixels are random, since the
arithmetic does not depend on them. LoRA has rank 16 on the linear layers of the decoder or encoder; --full trains an encoder as a whole.
--lengths gives an encoder's texts these numbers of tokens in turn, padded to the longest of the batch; with --grouped the lengths
are sorted first and each batch takes neighbours, as transformers' group_by_length does, and the time is the mean over the groups.
As in the usual trainers every answer is a sequence of its own with its prompt and its image. Logits are computed of answer
tokens alone, and nothing but the step is timed. --reduced gives sft and dpo what this library saves: features of the image,
one prompt for all its answers under a mask, scores of the reference.

The last line is one of JSON: `seconds_median` and `seconds_min` of the counted steps, `load_seconds`, `peak_rss_mb`.
"""
import argparse
import json
import resource
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--job", required=True, choices=["vision", "sft", "dpo", "generate", "score", "encoder"])
parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
parser.add_argument("--tiles", type=int, default=1)
parser.add_argument("--prompt", type=int, default=128)
parser.add_argument("--answer", type=int, default=64)
parser.add_argument("--teachers", type=int, default=3)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--lengths", type=lambda text: [int(n) for n in text.split(",")])
parser.add_argument("--grouped", action="store_true")
parser.add_argument("--tagger", action="store_true")
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("--full", action="store_true")
parser.add_argument("--checkpointing", action="store_true")
parser.add_argument("--reduced", action="store_true")
options = parser.parse_args()
if options.grouped and not options.lengths:
    parser.error("--grouped: needs --lengths")
if options.reduced and options.job not in ("sft", "dpo"):
    parser.error(f"--reduced: {options.job} has nothing to be spared; it is for sft and dpo")

began = time.perf_counter()
import peft
import torch
import transformers
from torch.nn.functional import logsigmoid

torch.manual_seed(0)


def lora(places, **more):
    return peft.LoraConfig(r=16, lora_alpha=32, target_modules=places, **more)


def update(optimizer, loss):
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def optimizer_of(model):
    return torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)


class Encoder:
    def __init__(self):
        heads = "TokenClassification" if options.tagger else "SequenceClassification"
        load = getattr(transformers, f"AutoModelFor{heads}").from_pretrained
        self.model = load(options.model, dtype=getattr(torch, options.dtype)).eval()
        self.labels = self.model.config.num_labels
        if not options.full:
            maps = r".*(encoder|layers).*\.(query|key|value|dense|Wqkv|Wi|Wo)"
            saved = [name for name in ("classifier", "head") if hasattr(self.model, name)]
            self.model = peft.get_peft_model(self.model, lora(maps, modules_to_save=saved))
        self.optimizer = optimizer_of(self.model)

    def encoder(self):
        lengths = options.lengths or [options.prompt]
        size = max(1, len(lengths) // 8) if options.grouped else len(lengths)
        lengths = sorted(lengths) if options.grouped else lengths
        for first in range(0, len(lengths), size):
            self.update(lengths[first : first + size])

    def update(self, lengths):
        lengths = torch.tensor([lengths[i % len(lengths)] for i in range(options.batch)])
        # About as many tokens as some hundred patent abstracts have, or some thousand sentences.
        ids = torch.randint(100, min(3700, self.model.config.vocab_size), (options.batch, int(lengths.max())))
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        classes = torch.arange(options.batch) % self.labels
        if options.tagger:
            classes = torch.where(mask == 1, ids % self.labels, -100)
        update(self.optimizer, self.model(input_ids=ids * mask, attention_mask=mask, labels=classes).loss)


class Decoder:
    def __init__(self):
        config = transformers.AutoConfig.from_pretrained(options.model)
        self.sees = hasattr(config, "vision_config")
        kind = transformers.AutoModelForImageTextToText if self.sees else transformers.AutoModelForCausalLM
        self.base = kind.from_pretrained(options.model, dtype=getattr(torch, options.dtype)).eval()
        self.vocabulary = config.get_text_config().vocab_size
        self.image_tokens = 0
        if self.sees:
            self.vision_config, self.token = config.vision_config, config.image_token_id
            # Qwen's towers take an image of any size as a grid of patches; SmolVLM's take tiles.
            self.grid = None
            if hasattr(config, "scale_factor"):
                self.side = config.vision_config.image_size
                self.image_tokens = options.tiles * (self.side // config.vision_config.patch_size // config.scale_factor) ** 2
            elif hasattr(config.vision_config, "spatial_merge_size") and options.tiles == 1 and not options.reduced:
                merge = config.vision_config.spatial_merge_size
                blocks = round(512 / (config.vision_config.patch_size * merge))
                self.grid, self.image_tokens = blocks * merge, blocks * blocks
            else:
                raise SystemExit(
                    f"{options.model}: of models with images SmolVLM's family is measured, and Qwen's with one tile and "
                    "without --reduced"
                )
        elif options.job == "vision":
            raise SystemExit(f"{options.model} has no vision tower")
        maps = "(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
        self.model = peft.get_peft_model(self.base, lora(rf".*{'(text|language)_model' if self.sees else 'layers'}.*\.{maps}"))
        if options.checkpointing:
            self.base.enable_input_require_grads()
            self.base.gradient_checkpointing_enable()
            self.model.train()
        self.optimizer = optimizer_of(self.model)
        self.head = self.image_tokens + options.prompt

    def words(self, *shape):
        return torch.randint(100, self.vocabulary - 200, shape)

    def image(self, count):
        """What the tower takes of one random image, for so many sequences."""
        if self.grid is None:
            return dict(pixel_values=self.pixels(count))
        c = self.vision_config
        values = c.temporal_patch_size * c.patch_size**2 * 3
        patches = torch.randn(1, self.grid**2, values, dtype=self.base.dtype).expand(count, -1, -1).reshape(-1, values)
        return dict(pixel_values=patches, image_grid_thw=torch.tensor([[1, self.grid, self.grid]] * count))

    def pixels(self, count):
        image = torch.randn(1, options.tiles, 3, self.side, self.side, dtype=self.base.dtype)
        return image.expand(count, -1, -1, -1, -1).contiguous()

    def inputs(self, answers, prompts=1):
        """Sequences of one prompt after the other, each with its answers in turn; no answer for 0."""
        prompt = self.words(prompts, self.head)
        inputs = {}
        if self.image_tokens and options.job != "score":
            prompt[:, : self.image_tokens] = self.token
            inputs = self.image(max(answers, 1))
        ids = prompt.repeat_interleave(max(answers, 1), 0)
        if answers:
            ids = torch.cat([ids, self.words(len(ids), options.answer)], 1)
        if inputs and self.grid is not None:
            inputs["mm_token_type_ids"] = (ids == self.token).long()
        return dict(input_ids=ids, attention_mask=torch.ones_like(ids), **inputs)

    def scores(self, inputs):
        """Log-probabilities of answer tokens, [sequences, tokens]."""
        logits = self.model(**inputs, logits_to_keep=options.answer + 1).logits[:, :-1].float()
        return self.of_tokens(logits, inputs["input_ids"][:, -options.answer :])

    @staticmethod
    def of_tokens(logits, ids):
        return logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0]

    def shared(self, answers):
        """The same, [answers, tokens], of one prompt that all answers see while none sees another, features of its image given."""
        ids = self.words(1, self.head + answers * options.answer)
        rows = self.base.get_input_embeddings()(ids)
        rows = torch.cat([torch.randn_like(rows[:, : self.image_tokens]), rows[:, self.image_tokens :]], 1)
        place = torch.arange(options.answer).repeat(answers) + self.head
        positions = torch.cat([torch.arange(self.head), place])
        owner = torch.cat([torch.zeros(self.head, dtype=torch.long), torch.arange(answers).repeat_interleave(options.answer) + 1])
        visible = (owner == 0) | (owner == owner[:, None])
        visible &= torch.ones_like(visible).tril()
        mask = torch.zeros(visible.shape, dtype=rows.dtype).masked_fill(~visible, torch.finfo(rows.dtype).min)
        decoder = self.base.model.text_model if self.sees else self.base.model
        out = decoder(inputs_embeds=rows, attention_mask=mask[None, None], position_ids=positions[None], use_cache=False)
        hidden = out.last_hidden_state[0]
        # Each token is predicted by the row before it, the first of an answer by the prompt's last.
        tails = hidden[self.head :].view(answers, options.answer, -1)[:, :-1]
        before = torch.cat([hidden[self.head - 1].expand(answers, 1, -1), tails], 1)
        logits = self.base.get_output_embeddings()(before).float()
        return self.of_tokens(logits, ids[0, self.head :].view(answers, options.answer))

    def sft(self):
        scores = self.shared(options.teachers) if options.reduced else self.scores(self.inputs(options.teachers))
        update(self.optimizer, -scores.mean())

    def dpo(self):
        if options.reduced:
            chosen, rejected = self.shared(2).sum(1)
            margin = chosen - rejected
        else:
            inputs = self.inputs(2)
            with torch.no_grad(), self.model.disable_adapter():
                reference = self.scores(inputs).sum(1)
            chosen, rejected = self.scores(inputs).sum(1) - reference
            margin = chosen - rejected
        update(self.optimizer, -logsigmoid(0.1 * margin))

    @torch.no_grad()
    def vision(self):
        self.base.model.get_image_features(**self.image(1))

    @torch.no_grad()
    def generate(self):
        lengths = dict(max_new_tokens=options.answer, min_new_tokens=options.answer)
        self.model.generate(**self.inputs(0), do_sample=False, **lengths)

    @torch.no_grad()
    def score(self):
        self.scores(self.inputs(options.teachers, prompts=options.batch))


side = Encoder() if options.job == "encoder" else Decoder()
loaded = time.perf_counter() - began
seconds = []
for _ in range(options.steps + 1):
    start = time.perf_counter()
    getattr(side, options.job)()
    groups = -(-len(options.lengths) // max(1, len(options.lengths) // 8)) if options.grouped else 1
    seconds.append((time.perf_counter() - start) / groups)
counted = seconds[1:] or seconds
print(
    json.dumps(
        {
            "engine": "pytorch", "job": options.job, "dtype": options.dtype, "reduced": options.reduced,
            "full": options.full, "threads": torch.get_num_threads(), "seconds_min": min(counted),
            "seconds_median": statistics.median_high(counted), "load_seconds": loaded,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
