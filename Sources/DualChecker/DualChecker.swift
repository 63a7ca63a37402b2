// DualChecker
