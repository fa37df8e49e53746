"""The resource catalogue (政务信息资源目录): what an entry is, and what may stand in it."""
