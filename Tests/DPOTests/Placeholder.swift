// DPOTests
