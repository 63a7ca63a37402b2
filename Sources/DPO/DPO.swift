// DPO
