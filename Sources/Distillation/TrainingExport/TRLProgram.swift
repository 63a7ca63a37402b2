/// The texts of the script that do not depend on a run.
enum TRLProgram {
  /// What follows the settings.
  static let body = #"""
    HERE = os.path.dirname(os.path.abspath(__file__))


    def rows_of(stage):
        with open(os.path.join(HERE, stage, "rows.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]


    def picture(name):
        """An image as the run's models see it: the processor lays what is transparent over white."""
        image = Image.open(os.path.join(HERE, name))
        if SETTINGS["upright"]:
            image = ImageOps.exif_transpose(image)
        return image.convert("RGB") if SETTINGS["drops_alpha"] else image


    class Items:
        """Batches of which each is all rows of one item, in the run's order; of several processes each takes its own.

        The last update of an epoch repeats items where the processes would have different numbers of them.
        """

        batch_size = None

        def __init__(self, stage, rows, batch, world, rank):
            with open(os.path.join(HERE, "order.json"), encoding="utf-8") as file:
                self.order = json.load(file)[stage]
            self.places = {}
            for place, row in enumerate(rows):
                self.places.setdefault(row["example"], []).append(place)
            self.batch, self.world, self.rank, self.trainer = batch, world, rank, None

        def __len__(self):
            whole, rest = divmod(len(self.places), self.batch)
            return whole * (self.batch // self.world) + -(-rest // self.world)

        def __iter__(self):
            order = self.order[int(self.trainer.state.epoch + 1e-6) % len(self.order)]
            for first in range(0, len(order), self.batch):
                update = order[first : first + self.batch]
                update += update[: -len(update) % self.world]
                for item in update[self.rank :: self.world]:
                    yield self.places[item]


    def answer_alone(mask, ids):
        """The tokens of answers up to and with the end of the turn: what a template writes behind it is not learned."""
        mask = mask.bool()
        ends = ((ids == SETTINGS["end_of_turn"]) & mask).long()
        return mask & (ends.cumsum(1) - ends == 0)


    class Collator:
        """TRL's own collator; then answers end where they do in the run, and have as many tokens as there."""

        def __init__(self, inner, names):
            self.inner, self.names = inner, names

        def __call__(self, rows):
            rows = [dict(row) for row in rows]
            counts = [rows[i][name] for name in self.names for i in range(len(rows))]
            prompts = [row["prompt_tokens"] for row in rows] * len(self.names)
            extra = {name: torch.tensor([row[name] for row in rows]) for name in ("is_pair", "example_tokens") if name in rows[0]}
            item = rows[0]["item"]
            for row in rows:
                if "images" in row:
                    row["images"] = [picture(name) for name in row["images"]]
            batch = self.inner(rows)
            if "labels" in batch:
                mask = answer_alone(batch["labels"] != -100, batch["input_ids"])
                batch["labels"] = batch["labels"].masked_fill(~mask, -100)
            else:
                mask = answer_alone(batch["completion_mask"], batch["input_ids"])
                batch["completion_mask"] = mask.long()
            found = [(int(row.float().argmax()), int(row.sum())) for row in mask]
            for made, expected in zip(found, zip(prompts, counts), strict=True):
                if made != expected:
                    raise SystemExit(
                        f"item {item}: expected {expected[0]} tokens of prompt and {expected[1]} of answer as in the run, found "
                        f"{made[0]} and {made[1]}; is this the tokenizer and the chat template of the run's model?"
                    )
            batch.update(extra)
            return batch


    class Trained:
        """What both trainers have from the run: its order, and decay of matrices alone."""

        items = None

        def get_train_dataloader(self):
            self.items.trainer = self
            return DataLoader(self.train_dataset, batch_sampler=self.items, collate_fn=self.data_collator)

        def get_decay_parameter_names(self, model):
            return [name for name, parameter in model.named_parameters() if parameter.ndim > 1]


    class Supervised(Trained, SFTTrainer):
        """The mean over all answer tokens of an update, which is TRL's own."""


    class Preferences(Trained, DPOTrainer):
        """The mean over items with pairs of the mean over an item's pairs, plus sft_weight times the mean over the chosen tokens.

        TRL takes the mean over the rows of each forward pass, which are one item's pairs, and then over passes.
        """

        totals = None

        def get_batch_samples(self, *arguments):
            batches, count = super().get_batch_samples(*arguments)
            own = [len(batches), sum(bool(b["is_pair"][0]) for b in batches), sum(int(b["example_tokens"][0]) for b in batches)]
            own = torch.tensor([own], dtype=torch.float64, device=self.accelerator.device)
            self.totals = self.accelerator.gather(own).sum(0).tolist()
            return batches, count

        def compute_loss(self, model, inputs, *arguments, **options):
            stage = SETTINGS["stage2"]
            passes, pairs, tokens = self.totals
            is_pair, own = bool(inputs.pop("is_pair")[0]), int(inputs.pop("example_tokens")[0])
            weight = passes / max(1, pairs) if is_pair else 0.0
            self.loss_weights = [weight * each for each in stage["loss_weights"]]
            if stage["sft_weight"] > 0:
                self.loss_weights.append(stage["sft_weight"] * own * passes / max(1, tokens))
            if stage["reference"] == "none":
                nothing = torch.zeros(len(inputs["input_ids"]) // 2, device=inputs["input_ids"].device)
                inputs["ref_chosen_logps"] = inputs["ref_rejected_logps"] = nothing
            return super().compute_loss(model, inputs, *arguments, **options)


    def processing():
        """The model's tokenizer or processor, whose template writes what the run's prompts and answers have."""
        kind = AutoProcessor if SETTINGS["reads_images"] else AutoTokenizer
        made = kind.from_pretrained(SETTINGS["model"])
        if made.chat_template and SETTINGS["beginning"]:
            made.chat_template = "{{ " + json.dumps(SETTINGS["beginning"]) + " }}" + made.chat_template
        if made.chat_template and SETTINGS["thinking"] is not None:
            made.chat_template = "{% set enable_thinking = " + json.dumps(SETTINGS["thinking"]) + " +%}" + made.chat_template
        if made.chat_template and SETTINGS["closing"]:
            closing = "{{ " + json.dumps(SETTINGS["closing"]) + " }}"
            made.chat_template += "{% if not add_generation_prompt %}" + closing + "{% endif %}"
        return made


    def check_model():
        for name, expected in SETTINGS["weights"].items():
            path = os.path.join(SETTINGS["model"], name)
            if not os.path.exists(path):
                raise SystemExit(f"{path} is not there; say by --model where the base model lies on this machine")
            with open(path, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != expected:
                raise SystemExit(f"{path}: expected the weights {expected[:12]} of the run's base model, found {found[:12]}")


    def adapted(start):
        kind = AutoModelForImageTextToText if SETTINGS["reads_images"] else AutoModelForCausalLM
        base = kind.from_pretrained(SETTINGS["model"], dtype=getattr(torch, SETTINGS["dtype"]))
        return PeftModel.from_pretrained(base, os.path.join(HERE, start), is_trainable=True)


    def keep_halves(model):
        """PiSSA's adapter is written as one of twice the rank, of which the second half, what it began as, does not train in stage1."""

        def first(rank, dim):
            return lambda gradient: torch.cat([gradient.narrow(dim, 0, rank), torch.zeros_like(gradient.narrow(dim, rank, rank))], dim)

        for name, parameter in model.named_parameters():
            for place, dim in (("lora_A", 0), ("lora_B", 1)):
                if parameter.requires_grad and place in name:
                    parameter.register_hook(first(parameter.shape[dim] // 2, dim))


    def trainer_of(name, max_steps=-1):
        """TRL's trainer of a stage."""
        stage = dict(SETTINGS[name])
        rows = rows_of(name)
        world, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
        batch = stage.pop("batch")
        if batch % world:
            raise SystemExit(f"{name}: a batch of {batch} items can't be dealt out to {world} processes")
        common = dict(
            output_dir=os.path.join(HERE, name, "checkpoints"), per_device_train_batch_size=1, max_steps=max_steps,
            gradient_accumulation_steps=batch // world, max_length=None, optim="adamw_torch", bf16=SETTINGS["dtype"] == "bfloat16",
            gradient_checkpointing=SETTINGS["gradient_checkpointing"], seed=SETTINGS["seed"], logging_steps=1, report_to="none",
            remove_unused_columns=False, save_total_limit=1,
        )
        if name == "stage1":
            model = adapted("start")
            if SETTINGS["pissa"]:
                keep_halves(model)
            made = Supervised(
                model=model, args=SFTConfig(completion_only_loss=True, packing=False, **common, **stage),
                train_dataset=Dataset.from_list(rows), processing_class=processing(),
            )
            made.data_collator = Collator(made.data_collator, ["answer_tokens"])
        else:
            reference, weight = stage.pop("reference"), stage.pop("sft_weight")
            if weight > 0:
                stage["loss_type"] = stage["loss_type"] + ["sft"]
                stage["loss_weights"] = stage["loss_weights"] + [weight]
            # Adapters drop inputs in this stage too.
            made = Preferences(
                model=adapted("stage1/adapter"), args=DPOConfig(disable_dropout=False, **common, **stage),
                train_dataset=Dataset.from_list(rows), processing_class=processing(),
            )
            made.data_collator = Collator(made.data_collator, ["chosen_tokens", "rejected_tokens"])
            refer(made, reference)
        made.items = Items(name, rows, batch, world, rank)
        return made


    def refer(trainer, reference):
        """The model that the loss compares with: TRL has made a copy of the adapter that training begins with, as "ref"."""
        if reference == "none":
            trainer.precompute_ref_logps = True
        if reference in ("base", "none"):
            trainer.model.delete_adapter("ref")
        if reference == "reference":
            trainer.model.delete_adapter("ref")
            trainer.model.load_adapter(os.path.join(HERE, "reference"), "ref")
        for module in trainer.model.modules():
            if "ref" in getattr(module, "lora_dropout", {}):
                module.lora_dropout["ref"] = torch.nn.Identity()


    def last_checkpoint(stage):
        """The newest checkpoint that is whole, whose state is written last; None where there is none."""
        place = os.path.join(HERE, stage, "checkpoints")
        names = [name for name in os.listdir(place) if name.startswith("checkpoint-")] if os.path.isdir(place) else []
        whole = [name for name in names if os.path.exists(os.path.join(place, name, "trainer_state.json"))]
        return os.path.join(place, max(whole, key=lambda name: int(name.rpartition("-")[2]))) if whole else None


    def main():
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("stage", choices=[name for name in ("stage1", "stage2") if name in SETTINGS])
        parser.add_argument("--model")
        parser.add_argument("--dtype", choices=["float32", "bfloat16"])
        parser.add_argument("--max-steps", type=int, default=-1)
        parser.add_argument("--resume", action="store_true")
        options = parser.parse_args()
        SETTINGS["model"] = options.model or SETTINGS["model"]
        SETTINGS["dtype"] = options.dtype or SETTINGS["dtype"]
        if options.stage == "stage2" and not os.path.exists(os.path.join(HERE, "stage1/adapter/adapter_config.json")):
            raise SystemExit("stage1/adapter is not there: stage2 goes on from it; train stage1 first")
        check_model()
        trainer = trainer_of(options.stage, options.max_steps)
        trainer.train(resume_from_checkpoint=last_checkpoint(options.stage) if options.resume else None)
        if trainer.accelerator.is_main_process:
            place = os.path.join(HERE, options.stage, "adapter")
            trainer.accelerator.unwrap_model(trainer.model).save_pretrained(place, selected_adapters=["default"])
            origin = dict(stage=options.stage, base=SETTINGS["base"], rows=SETTINGS["rows"][options.stage])
            with open(os.path.join(place, "distillation.json"), "w", encoding="utf-8") as file:
                json.dump(origin, file)
                file.write("\n")
            print(f"the adapter is in {place}; {options.stage}.adapter of the run's configuration takes it")


    if __name__ == "__main__":
        main()

    """#
}
